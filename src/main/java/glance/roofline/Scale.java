package glance.roofline;

/**
 * Sizes of the published models, divided by {@code shrink} so that slow devices can run the same
 * table.
 */
public record Scale(int shrink) {
    /** Divisor that tensor cores and vector loads like. */
    private static final int WIDTH_STEP = 16;

    private static final int CHANNEL_STEP = 8;
    private static final int LEAST_SIDE = 4;
    private static final int LEAST_HEAD_DIM = 64;

    public Scale {
        if (shrink < 1) {
            throw new IllegalArgumentException("shrink must be 1 or more, got " + shrink);
        }
    }

    /** Tokens, heads, tensors of a list: at least 1. */
    int count(int full) {
        return Math.max(1, full / shrink);
    }

    /** Features: a multiple of 16. */
    int width(int full) {
        return Math.max(1, full / shrink / WIDTH_STEP) * WIDTH_STEP;
    }

    /** Features of a head: 64 at least, which kernels are written for. */
    int headDim(int full) {
        return Math.max(LEAST_HEAD_DIM, full / shrink);
    }

    /** Channels of a picture: a multiple of 8. */
    int channels(int full) {
        return Math.max(1, full / shrink / CHANNEL_STEP) * CHANNEL_STEP;
    }

    /** Height or width of a picture. */
    int side(int full) {
        return Math.max(LEAST_SIDE, full / shrink);
    }

    /** Whether these are the sizes of the published models. */
    boolean isFull() {
        return shrink == 1;
    }
}
