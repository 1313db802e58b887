package glance.bench;

import glance.backend.cuda.driver.Driver;
import glance.backend.cuda.driver.Drivers;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The driver for NVIDIA GPUs on a libcuda.so.1 of ours that does nothing, compiled with g++. */
final class IdleCuda {
    private static final String LIBRARY = "libcuda.so.1";

    private IdleCuda() {}

    /** Opens the only GPU that it shows. */
    static Driver open() {
        try {
            Path folder = Files.createTempDirectory("idle-cuda");
            Path source = folder.resolve("cuda.cpp");
            try (InputStream stream = IdleCuda.class.getResourceAsStream("idle-cuda.cpp")) {
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
            return Drivers.open(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
