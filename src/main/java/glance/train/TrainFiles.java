package glance.train;

import glance.api.RequestException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The folder that training writes to. */
public final class TrainFiles {
    private static final String SAMPLES = "samples";

    private final Path folder;
    private final List<String> phases;
    private final boolean resume;
    private final boolean overwrite;

    /**
     * Changes nothing yet.
     *
     * @param resume whether files of an earlier run may be there, because it goes on
     * @param overwrite whether they are to be removed, because it starts anew
     * @throws RequestException if the folder cannot be written
     */
    TrainFiles(Path folder, List<String> phases, boolean resume, boolean overwrite) {
        this.folder = folder;
        this.phases = phases;
        this.resume = resume;
        this.overwrite = overwrite;
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new RequestException(folder + ": is a file; give a folder");
        }
        if (!Files.isWritable(existing(folder.toAbsolutePath()))) {
            throw new RequestException(folder + ": cannot be written");
        }
    }

    /** A file of another run that is in the way. */
    public Optional<Path> taken() {
        return resume || overwrite ? Optional.empty() : files().filter(Files::exists).findFirst();
    }

    /**
     * Finds out early that {@link #prepare} would refuse.
     *
     * @throws RequestException if files of another run are in the way
     */
    void requireFree() {
        taken().ifPresent(
                        file -> {
                            throw new RequestException(
                                    folder
                                            + ": holds "
                                            + file.getFileName()
                                            + " already; resume that run, overwrite it, or choose"
                                            + " another folder");
                        });
    }

    private Stream<Path> files() {
        return phases.stream().flatMap(phase -> phase(phase).all().stream());
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
     * @throws RequestException if another run has the folder, or left files in it meanwhile
     */
    TrainLock prepare(boolean samples) {
        try {
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
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be written (" + e + ")", e);
        }
    }

    private void removeOld() throws IOException {
        if (overwrite) {
            for (Path file : files().toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** What the training of a phase leaves. */
    PhaseFiles phase(String phase) {
        return PhaseFiles.in(folder, phase);
    }

    /** A sample picture, such as {@code samples/slow-0020.png}. */
    Path sample(String phase, int step) {
        return folder.resolve(SAMPLES).resolve(String.format("%s-%04d.png", phase, step));
    }
}
