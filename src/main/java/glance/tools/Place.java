package glance.tools;

import glance.api.RequestException;
import glance.api.adapter.Output;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where results may go: looked at before any work is done. */
final class Place {
    private Place() {}

    /**
     * The file to write.
     *
     * @throws RequestException if the name does not end in .safetensors, its folder is missing or
     *     it is taken
     */
    static Path file(Output output) {
        Path out = output.path();
        if (!out.toString().endsWith(".safetensors")) {
            throw refuse(out, "is not named like an adapter; end it with .safetensors");
        }
        return free(output);
    }

    /**
     * The file to write, of any name.
     *
     * @throws RequestException if its folder is missing or it is taken
     */
    static Path free(Output output) {
        Path out = output.path();
        parent(out);
        if (Files.isDirectory(out)) {
            throw refuse(out, "is a folder; give a file name");
        }
        if (Files.exists(out) && !output.overwrite()) {
            throw refuse(out, "exists already; choose another name or use --overwrite");
        }
        return out;
    }

    /**
     * The folder to make.
     *
     * @param source the folder that it will be a copy of; null for none
     * @throws RequestException if its parent is missing or within {@code source}, or it exists; a
     *     folder is never replaced
     */
    static Path folder(Output output, Path source) {
        Path out = output.path();
        try {
            Path parent = parent(out).toRealPath();
            if (source != null && parent.startsWith(source.toRealPath())) {
                throw refuse(out, "is inside " + source + "; choose a place outside it");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (Files.exists(out)) {
            throw refuse(out, "exists already, and folders are not replaced; choose another name");
        }
        return out;
    }

    private static Path parent(Path out) {
        Path parent = out.toAbsolutePath().normalize().getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw refuse(out, "its folder does not exist; create it first");
        }
        if (!Files.isWritable(parent)) {
            throw refuse(out, "its folder cannot be written; choose another");
        }
        return parent;
    }

    private static RequestException refuse(Path out, String reason) {
        return new RequestException("out " + out + ": " + reason);
    }
}
