package glance.backend.cuda.driver;

import glance.backend.MathLibrary;
import java.util.EnumMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.jcublas.JCublas2;

/** Finds the libraries that NVIDIA publishes for its GPUs, and says why one cannot be used. */
public final class NvidiaLibraries {
    /** What the loader says of a library that another one needs. */
    private static final Pattern LOADER_WORDS = Pattern.compile("(lib\\w+\\.so[.\\d]*: [^\\n]+)");

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
                case CUBLAS -> JCublas2.initialize();
                case CUDNN -> CudnnBinding.load();
            }
            return "";
        } catch (LinkageError e) {
            return library.title() + " cannot be loaded: " + cause(e) + "; " + remedy(library);
        }
    }

    /** The loader's own words out of the two stack traces that JCuda gives as the message. */
    private static String cause(LinkageError e) {
        Matcher words = LOADER_WORDS.matcher(String.valueOf(e.getMessage()));
        return words.find()
                ? words.group(1)
                : String.valueOf(e.getMessage()).lines().findFirst().orElse("");
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
