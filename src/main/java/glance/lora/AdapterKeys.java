package glance.lora;

import glance.api.FormatException;
import glance.io.SafetensorsFile;
import glance.io.TensorInfo;
import java.util.List;
import java.util.function.Consumer;

/**
 * What an adapter file says by itself, before any model is known.
 *
 * @param entries the adapted modules, in file order
 * @param others keys that belong to no adapted module
 * @param remarks what the user should know about alpha; mostly nothing
 */
public record AdapterKeys(List<Entry> entries, List<String> others, List<String> remarks) {
    public AdapterKeys {
        entries = List.copyOf(entries);
        others = List.copyOf(others);
        remarks = List.copyOf(remarks);
    }

    /**
     * One adapted module.
     *
     * @param module its name in the file, with any prefix
     * @param a the down matrix, [rank, in]
     * @param b the up matrix, [out, rank]
     * @param alpha numerator of the scale
     * @param keys all keys of the file that belong to it
     */
    public record Entry(String module, TensorInfo a, TensorInfo b, float alpha, List<String> keys) {
        /** Number of rows of a. */
        public int rank() {
            return a.shape().dim(0);
        }
    }

    /**
     * Sorts the keys of a file.
     *
     * @throws FormatException naming file and key, if a module lacks one of its matrices or has one
     *     twice, the two do not fit each other, an alpha is malformed, or the file holds an adapter
     *     of an unsupported kind
     */
    public static AdapterKeys read(SafetensorsFile file) {
        return read(
                file,
                problem -> {
                    throw problem;
                });
    }

    /**
     * As {@link #read(SafetensorsFile)}, to look at a file: what cannot be used is among the other
     * keys, with nothing thrown.
     *
     * @param problems hears why the file cannot be used
     */
    public static AdapterKeys read(SafetensorsFile file, Consumer<FormatException> problems) {
        return new AdapterKeyReader(file, problems).read();
    }
}
