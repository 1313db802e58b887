package glance.backend.cuda.driver;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import jcuda.JCudaVersion;
import jcuda.LibUtils;
import jcuda.jcudnn.JCudnn;

/**
 * Loads JCudnn, whose last release, 11.7.0, is older than our JCuda. Its native part fits: what it
 * reads of JCuda's classes has not changed since. But JCudnn looks for it under JCuda's version,
 * and JCuda takes a file of that name in the temporary folder for what it has unpacked before; so
 * we unpack it there.
 */
final class CudnnBinding {
    private static final String VERSION = "11.7.0";

    private CudnnBinding() {}

    /**
     * Loads the binding, and with it libcudnn.so.8.
     *
     * @throws LinkageError if it cannot be loaded
     */
    static void load() {
        try {
            unpack();
        } catch (IOException e) {
            throw new UnsatisfiedLinkError("cannot unpack the binding of cuDNN: " + e);
        }
        JCudnn.initialize();
    }

    private static void unpack() throws IOException {
        Path folder = Paths.get(System.getProperty("java.io.tmpdir"));
        Path target = folder.resolve(fileName(JCudaVersion.get()));
        Path part = Files.createTempFile(folder, "JCudnn", ".part");
        try (InputStream binding =
                CudnnBinding.class.getResourceAsStream("/lib/" + fileName(VERSION))) {
            if (binding == null) {
                throw new IOException("/lib/" + fileName(VERSION) + " is missing in the jar");
            }
            Files.copy(binding, part, StandardCopyOption.REPLACE_EXISTING);
            // whole at once: another process may be loading it
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private static String fileName(String version) {
        String name = LibUtils.createPlatformLibraryName("JCudnn-" + version);
        return LibUtils.createLibraryFileName(name);
    }
}
