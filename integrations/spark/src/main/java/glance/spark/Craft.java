package glance.spark;

import glance.Model;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.types.StructType;

/**
 * What a table asks for, and how a piece of it is made.
 *
 * @param <P> what a row asks for
 */
interface Craft<P extends Craft.Piece> extends Serializable {
    /** Makes one, once Hadoop's settings are known. */
    @FunctionalInterface
    interface Maker<P extends Piece> {
        Craft<P> with(Configuration conf) throws IOException;
    }

    /** What a row asks for. */
    interface Piece {
        /** Of everything that decides what is made. */
        String hash();

        /** The file that is there once the piece is made, below the folder of the job. */
        String file();

        /** What the row says of it, for the manifest, whether it can be made or not. */
        Map<String, Object> columns();
    }

    /**
     * What was made.
     *
     * @param columns what it says of itself, for the manifest
     * @param bytes its size
     * @param sha256 of its content
     */
    record Made(Map<String, Object> columns, long bytes, String sha256) {}

    /** The columns that have a meaning. */
    Set<String> known();

    /** Columns of the manifest beyond those of every manifest. */
    StructType columns();

    /** What one piece is called, and several. */
    String noun(long count);

    /** What is done to them. */
    String verb();

    /**
     * What a row asks for.
     *
     * @throws RuntimeException of the engine, in one line, if that makes no sense
     */
    P read(Columns row);

    /**
     * Makes a piece, in the same way for all rows of the same hash, and puts it under the names of
     * these rows.
     *
     * @param pieces of the same hash, with a file each that is not there
     * @param attempt different in each attempt of each task
     * @param isCancelled asked now and then
     * @return seconds of work
     * @throws IOException if the storage fails
     * @throws RuntimeException of the engine, if the row asks for what it cannot do
     */
    double make(
            List<P> pieces,
            Model model,
            Storage storage,
            String attempt,
            BooleanSupplier isCancelled)
            throws IOException;

    /** Looks at a piece that is there. */
    Made look(P piece, Storage storage) throws IOException;
}
