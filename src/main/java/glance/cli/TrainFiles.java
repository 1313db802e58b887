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
    private static final String RECORD = "train.json";

    private final Path folder;
    private final List<String> phases;
    private final boolean anew;
    private final boolean mayExist;

    /**
     * Changes nothing yet.
     *
     * @param resume whether files of an earlier run may be there, because it goes on
     * @param overwrite whether they are to be removed, because it starts anew
     * @throws WrongUseException if they are there without either, or the folder cannot be written
     */
    TrainFiles(Path folder, List<String> phases, boolean resume, boolean overwrite) {
        this.folder = folder == null ? Path.of(DEFAULT) : folder;
        this.phases = phases;
        this.anew = overwrite && !resume;
        this.mayExist = resume || overwrite;
        if (Files.exists(this.folder) && !Files.isDirectory(this.folder)) {
            throw new WrongUseException("--out " + this.folder + ": is a file; give a folder");
        }
        if (!Files.isWritable(existing(this.folder.toAbsolutePath()))) {
            throw new WrongUseException("--out " + this.folder + ": cannot be written");
        }
        requireFree();
    }

    private void requireFree() {
        for (String phase : phases) {
            for (Path file : phase(phase).all()) {
                if (Files.exists(file) && !mayExist) {
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
    }

    /** The folder, or the nearest one above it that is there. */
    private static Path existing(Path folder) {
        return Files.exists(folder) || folder.getParent() == null
                ? folder
                : existing(folder.getParent());
    }

    /**
     * Makes the folder, takes it for this run, and removes what is to be replaced: when nothing but
     * the training itself can fail any more.
     *
     * @param samples whether pictures are drawn meanwhile
     * @return to be closed when the training ends
     * @throws WrongUseException if another run has the folder, or left files in it meanwhile
     */
    TrainLock prepare(boolean samples) throws IOException {
        Files.createDirectories(samples ? folder.resolve(SAMPLES) : folder);
        TrainLock lock = TrainLock.of(folder);
        try {
            requireFree();
            removeOld();
            return lock;
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private void removeOld() throws IOException {
        if (anew) {
            for (String phase : phases) {
                for (Path file : phase(phase).all()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    /** The settings of the run in a folder, null for the default one. */
    static Path record(Path folder) {
        return (folder == null ? Path.of(DEFAULT) : folder).resolve(RECORD);
    }

    /** The settings of this run. */
    Path record() {
        return record(folder);
    }

    /** The folder, as the user named it. */
    Path folder() {
        return folder;
    }

    PhaseFiles phase(String phase) {
        return PhaseFiles.in(folder, phase);
    }

    /** A sample picture, such as {@code samples/slow-0020.png}. */
    Path sample(String phase, int step) {
        return folder.resolve(SAMPLES).resolve(String.format("%s-%04d.png", phase, step));
    }
}
