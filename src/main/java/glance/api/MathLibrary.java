package glance.api;

import java.util.Locale;

/**
 * A library by the maker of a device that can take the place of our own kernels. None is ever
 * needed, and none is used unless asked for.
 */
public enum MathLibrary {
    /** Products of matrices on NVIDIA GPUs. */
    CUBLAS("cuBLAS", "products of matrices"),
    /** Convolutions on NVIDIA GPUs. */
    CUDNN("cuDNN", "convolutions");

    private final String title;
    private final String purpose;

    MathLibrary(String title, String purpose) {
        this.title = title;
        this.purpose = purpose;
    }

    /** As its maker writes it. */
    public String title() {
        return title;
    }

    /** What it computes in place of our own kernels. */
    public String purpose() {
        return purpose;
    }

    /** As {@code --libraries} takes it. */
    public String option() {
        return name().toLowerCase(Locale.ROOT);
    }
}
