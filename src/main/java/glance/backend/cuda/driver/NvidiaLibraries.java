package glance.backend.cuda.driver;

import glance.backend.MathLibrary;
import glance.io.NativeLibraries;
import java.io.UncheckedIOException;
import java.util.EnumMap;
import java.util.Map;

/** Finds the libraries that NVIDIA publishes for its GPUs, and says why one cannot be used. */
public final class NvidiaLibraries {
    private static final Map<MathLibrary, String> PROBLEMS = new EnumMap<>(MathLibrary.class);

    private NvidiaLibraries() {}

    /** Why a library cannot be used on this machine, and what to do, or null if it can. */
    public static String problem(MathLibrary library) {
        return Drivers.problem() != null ? Drivers.problem() : loadingProblem(library);
    }

    /** The same on a machine with a GPU. */
    static synchronized String loadingProblem(MathLibrary library) {
        // once, because Java says why only the first time
        String problem = PROBLEMS.computeIfAbsent(library, NvidiaLibraries::load);
        return problem.isEmpty() ? null : problem;
    }

    private static String load(MathLibrary library) {
        try {
            switch (library) {
                case CUBLAS -> Bindings.CUBLAS.load();
                case CUDNN -> Bindings.CUDNN.load();
            }
            return "";
        } catch (LinkageError e) {
            String reason = NativeLibraries.reason(e, remedy(library));
            return library.title() + " cannot be loaded: " + reason;
        } catch (UncheckedIOException e) {
            return library.title() + " cannot be loaded: " + e.getMessage();
        }
    }

    private static String remedy(MathLibrary library) {
        String version =
                switch (library) {
                    case CUBLAS -> "cuBLAS 12";
                    case CUDNN -> "cuDNN 8 for CUDA 12";
                };
        return "install " + version + " and name its folder in LD_LIBRARY_PATH";
    }
}
