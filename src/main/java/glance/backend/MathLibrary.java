package glance.backend;

import java.util.Locale;

/**
 * A library by the maker of a device that can take the place of our own kernels. None is ever
 * needed, and none is used unless asked for.
 */
public enum MathLibrary {
    /** Products of matrices on NVIDIA GPUs. */
    CUBLAS("cuBLAS"),
    /** Convolutions on NVIDIA GPUs. */
    CUDNN("cuDNN");

    private final String title;

    MathLibrary(String title) {
        this.title = title;
    }

    /** As its maker writes it. */
    public String title() {
        return title;
    }

    /** As {@code --libraries} takes it. */
    public String option() {
        return name().toLowerCase(Locale.ROOT);
    }
}
