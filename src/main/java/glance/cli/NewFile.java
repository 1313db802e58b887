package glance.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options for a result that the user names: checked before any work is done. */
final class NewFile {
    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            required = true,
            description = "Where the result goes.")
    private Path out;

    @Option(names = "--overwrite", description = "Replace FILE if it exists.")
    private boolean overwrite;

    /**
     * The file to write.
     *
     * @throws WrongUseException if the name does not end in .safetensors, its folder is missing or
     *     it is taken
     */
    Path safetensors() {
        if (!out.toString().endsWith(".safetensors")) {
            throw refuse("is not named like an adapter; end it with .safetensors");
        }
        requireParent();
        if (Files.isDirectory(out)) {
            throw refuse("is a folder; give a file name");
        }
        if (Files.exists(out) && !overwrite) {
            throw refuse("exists already; choose another name or use --overwrite");
        }
        return out;
    }

    /**
     * The folder to make.
     *
     * @param source the folder that it will be a copy of
     * @throws WrongUseException if its parent is missing or within {@code source}, or it exists; a
     *     folder is never replaced
     */
    Path folder(Path source) throws IOException {
        requireParent();
        Path parent = out.toAbsolutePath().normalize().getParent();
        if (parent.toRealPath().startsWith(source.toRealPath())) {
            throw refuse("is inside " + source + "; choose a place outside it");
        }
        if (Files.exists(out)) {
            throw refuse("exists already, and folders are not replaced; choose another name");
        }
        return out;
    }

    private void requireParent() {
        Path parent = out.toAbsolutePath().normalize().getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw refuse("its folder does not exist; create it first");
        }
        if (!Files.isWritable(parent)) {
            throw refuse("its folder cannot be written; choose another");
        }
    }

    private WrongUseException refuse(String reason) {
        return new WrongUseException("--out " + out + ": " + reason);
    }
}
