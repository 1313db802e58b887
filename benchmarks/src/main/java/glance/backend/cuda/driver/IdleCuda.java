package glance.backend.cuda.driver;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The driver for NVIDIA GPUs on a libcuda.so.1 of ours that does nothing, compiled with g++. */
public final class IdleCuda {
    private static final String LIBRARY = "libcuda.so.1";

    private IdleCuda() {}

    /** Opens the only GPU that it shows. */
    public static Driver open() {
        try {
            Path folder = Files.createTempDirectory("idle-cuda");
            Path source = folder.resolve("cuda.cpp");
            try (InputStream stream = IdleCuda.class.getResourceAsStream("cuda.cpp")) {
                Files.copy(stream, source);
            }
            Path library = folder.resolve(LIBRARY);
            Process compiler =
                    new ProcessBuilder(
                                    "g++",
                                    "-O2",
                                    "-shared",
                                    "-fPIC",
                                    source.toString(),
                                    "-o",
                                    library.toString(),
                                    "-Wl,-soname," + LIBRARY)
                            .inheritIO()
                            .start();
            if (compiler.waitFor() != 0) {
                throw new IllegalStateException("g++ cannot compile " + source);
            }
            // the binding then finds a library of this name loaded
            System.load(library.toString());
            NvidiaGpus.count();
            return new NvidiaDriver(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
