package glance.backend;

import java.util.Locale;

/**
 * A library by the maker of a device that can take the place of our own kernels. None is ever
 * needed, and none is used unless asked for.
 */
public enum MathLibrary {
    /** Products of matrices on NVIDIA GPUs. */
    CUBLAS("cuBLAS", "linear", "products of matrices"),
    /** Convolutions on NVIDIA GPUs. */
    CUDNN("cuDNN", "conv2d", "convolutions");

    private final String title;
    private final String operation;
    private final String purpose;

    MathLibrary(String title, String operation, String purpose) {
        this.title = title;
        this.operation = operation;
        this.purpose = purpose;
    }

    /** The operation of which it is a variant. */
    public String operation() {
        return operation;
    }

    /** As its maker writes it. */
    public String title() {
        return title;
    }

    /** What it computes in place of our own kernels. */
    public String purpose() {
        return purpose;
    }

    /** The name of the variant. */
    public String variant() {
        return name().toLowerCase(Locale.ROOT);
    }
}
