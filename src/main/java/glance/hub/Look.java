package glance.hub;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.file.Path;
import java.util.List;

/**
 * What a name of the hub stands for, before anything is fetched.
 *
 * @param name as it is given to {@code --model} or {@code --lora}
 * @param model whether it is a model, else an adapter
 * @param commit that its revision is at
 * @param licence as its card names it; null if it names none
 * @param gated whether its files are only for accounts that accepted its terms
 * @param folder in the cache where the files are or will be
 * @param files that the engine reads
 */
public record Look(
        String name,
        boolean model,
        String commit,
        String licence,
        boolean gated,
        Path folder,
        List<File> files) {
    /**
     * A file.
     *
     * @param path in the folder
     * @param bytes its size
     * @param cached whether it is there
     */
    public record File(String path, long bytes, boolean cached) {}

    /** Size of all files. */
    @JsonProperty
    public long bytes() {
        return files.stream().mapToLong(File::bytes).sum();
    }

    /** Size of those that are there. */
    @JsonProperty
    public long cachedBytes() {
        return files.stream().filter(File::cached).mapToLong(File::bytes).sum();
    }
}
