package glance.spark;

import static org.apache.spark.sql.functions.col;

import glance.api.RequestException;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * The table of what was made, in the folder of a job. Each run adds its rows at once, by Spark's
 * own way to commit; before, they are kept aside, task by task, so that a run that ends early has
 * lost only the tasks that it was at. The next run takes them over.
 */
final class Manifest {
    static final String DELTA_EXTENSION = "io.delta.sql.DeltaSparkSessionExtension";
    static final String DELTA_CATALOG = "org.apache.spark.sql.delta.catalog.DeltaCatalog";

    private static final String FOLDER = "manifest";

    /** Rows of a file. */
    private static final long ROWS_EACH = 100_000;

    /** What a task has written is kept as soon as it ends, not only when all have. */
    private static final String AT_ONCE = "mapreduce.fileoutputcommitter.algorithm.version";

    private final SparkSession spark;
    private final Storage storage;
    private final String verb;
    private final String format;
    private final StructType columns;

    /**
     * @param craft whose rows it holds; those that another has left aside stay there
     * @param format {@code parquet} or {@code delta}
     */
    Manifest(SparkSession spark, Storage storage, Craft<?> craft, String format) {
        this.spark = spark;
        this.storage = storage;
        this.verb = craft.verb();
        this.format = format;
        this.columns = Rows.manifest(craft);
    }

    /** Its path. */
    String path() {
        return storage.path(FOLDER);
    }

    /**
     * What it holds.
     *
     * @throws RequestException if it is there in another format
     */
    Dataset<Row> read() throws IOException {
        boolean isDelta = storage.has(FOLDER + "/_delta_log");
        boolean isThere = storage.has(FOLDER);
        if (isThere && isDelta != format.equals("delta")) {
            throw new RequestException(
                    path()
                            + ": is there as "
                            + (isDelta ? "delta" : "parquet")
                            + "; give --manifest-format "
                            + (isDelta ? "delta" : "parquet")
                            + ", or another --out");
        }
        if (!isThere) {
            return spark.createDataFrame(List.of(), columns);
        }
        return isDelta
                ? spark.read().format(format).load(path())
                : spark.read().schema(columns).parquet(path());
    }

    /** Runs the work of a run once, and keeps its rows aside. */
    void keep(String run, Dataset<Row> rows) {
        rows.write().option(AT_ONCE, 2).mode(SaveMode.Append).parquet(aside(run));
    }

    private String aside(String run) {
        return storage.path(Storage.ROWS + "/" + verb + "-" + run);
    }

    /** The rows of a run that are kept aside. */
    Dataset<Row> kept(String run) {
        return spark.read().schema(columns).parquet(aside(run));
    }

    /**
     * Takes over what a run has kept aside.
     *
     * @param count its rows
     */
    void add(String run, long count) throws IOException {
        append(kept(run), count);
        storage.delete(aside(run));
    }

    /**
     * Takes over what earlier runs of the same craft have left aside, but for what they have added
     * already.
     */
    void addLeft() throws IOException {
        for (String left : storage.folders(Storage.ROWS)) {
            if (!new Path(left).getName().startsWith(verb + "-")) {
                continue;
            }
            Dataset<Row> rows = spark.read().schema(columns).parquet(left);
            String[] key = {"run", "row"};
            rows = rows.join(read().select("run", "row"), key, "left_anti");
            append(rows, rows.count());
            storage.delete(left);
        }
    }

    private void append(Dataset<Row> rows, long count) {
        if (count > 0) {
            int files = (int) Math.max(1, count / ROWS_EACH);
            // Not to fewer with coalesce, which would let one task read all that is aside.
            Dataset<Row> shared =
                    files == 1 ? rows.repartition(1) : rows.repartitionByRange(files, col("row"));
            shared.sortWithinPartitions("row")
                    .selectExpr(columns.fieldNames())
                    .write()
                    .format(format)
                    .mode(SaveMode.Append)
                    .save(path());
        }
    }

    /**
     * @throws RequestException if the class path lacks the format
     */
    static void requireFormat(String format) {
        if (format.equals("delta")) {
            try {
                Class.forName(
                        DELTA_EXTENSION, false, Thread.currentThread().getContextClassLoader());
            } catch (ClassNotFoundException e) {
                throw new RequestException(
                        "--manifest-format delta: Delta is not on the class path; start Spark with"
                                + " --packages io.delta:delta-spark_4.1_2.13:4.1.0, or take"
                                + " parquet",
                        e);
            }
        }
    }
}
