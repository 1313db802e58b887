package glance.cli;

import glance.train.PhaseFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The folder that training writes to. */
final class TrainFiles {
    private static final String DEFAULT = "adapters";
    private static final String SAMPLES = "samples";

    private final Path folder;

    /**
     * Makes the folder.
     *
     * @param resume whether files of an earlier run may be there, because it goes on
     * @param overwrite whether they are to be removed, because it starts anew
     * @throws WrongUseException if they are there without either
     */
    TrainFiles(Path folder, List<String> phases, boolean resume, boolean overwrite)
            throws IOException {
        this.folder = folder == null ? Path.of(DEFAULT) : folder;
        if (Files.exists(this.folder) && !Files.isDirectory(this.folder)) {
            throw new WrongUseException("--out " + this.folder + ": is a file; give a folder");
        }
        for (String phase : phases) {
            for (Path file : phase(phase).all()) {
                if (Files.exists(file) && !resume && !overwrite) {
                    throw new WrongUseException(
                            "--out "
                                    + this.folder
                                    + ": holds "
                                    + file.getFileName()
                                    + " already; use --resume to go on, --overwrite to start anew,"
                                    + " or another folder");
                }
            }
        }
        Files.createDirectories(this.folder);
        if (!Files.isWritable(this.folder)) {
            throw new WrongUseException("--out " + this.folder + ": cannot be written");
        }
        if (overwrite && !resume) {
            for (String phase : phases) {
                for (Path file : phase(phase).all()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    PhaseFiles phase(String phase) {
        return PhaseFiles.in(folder, phase);
    }

    /** A sample picture, such as {@code samples/slow-0020.png}. */
    Path sample(String phase, int step) {
        return folder.resolve(SAMPLES).resolve(String.format("%s-%04d.png", phase, step));
    }

    void makeSampleFolder() throws IOException {
        Files.createDirectories(folder.resolve(SAMPLES));
    }
}
