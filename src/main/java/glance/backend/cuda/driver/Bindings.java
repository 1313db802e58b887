package glance.backend.cuda.driver;

import glance.io.NativeLibraries;
import java.nio.file.Path;
import java.util.Map;
import jcuda.JCudaVersion;
import jcuda.LibUtils;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcudnn.JCudnn;

/**
 * JCuda's native libraries. Left alone, JCuda loads whatever file of the right name is in the
 * temporary folder, whoever has put it there. So each library is unpacked into a folder of ours,
 * which is the temporary folder for as long as JCuda loads it.
 *
 * <p>JCudnn, whose last release is 11.7.0, is looked for under the version of JCuda. It fits: what
 * it reads of JCuda's classes has not changed since.
 */
enum Bindings {
    DRIVER("JCudaDriver", JCudaVersion.get(), () -> JCudaDriver.setExceptionsEnabled(false)),
    CUBLAS("JCublas2", JCudaVersion.get(), JCublas2::initialize),
    CUDNN("JCudnn", "11.7.0", JCudnn::initialize);

    private final String library;
    private final String version;
    private final Runnable initialize;
    private boolean loaded;

    Bindings(String library, String version, Runnable initialize) {
        this.library = library;
        this.version = version;
        this.initialize = initialize;
    }

    /**
     * Loads the binding, and with it NVIDIA's library.
     *
     * @throws LinkageError if it cannot be loaded
     * @throws java.io.UncheckedIOException if it cannot be unpacked
     */
    synchronized void load() {
        if (loaded) {
            return;
        }
        Path folder =
                NativeLibraries.unpack(
                        library, Map.of(fileName(JCudaVersion.get()), "lib/" + fileName(version)));
        NativeLibraries.withSettings(
                Map.of("java.io.tmpdir", folder.toString()),
                () -> {
                    initialize.run();
                    return null;
                });
        loaded = true;
    }

    private String fileName(String ofVersion) {
        return LibUtils.createLibraryFileName(
                LibUtils.createPlatformLibraryName(library + "-" + ofVersion));
    }
}
