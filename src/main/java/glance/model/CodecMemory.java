package glance.model;

import glance.ops.Ops;

/** Decides whether an autoencoder works on a whole picture or on strips of it. */
public final class CodecMemory {
    /** No tensor of the CPU device is longer. */
    private static final long MOST_ELEMENTS = Integer.MAX_VALUE - 64;

    private CodecMemory() {}

    /**
     * Whether a picture fits as a whole: its work takes at most half of the device's memory that is
     * not in use, since a device may hold as much again in freed blocks.
     *
     * @param elements elements in memory at once at the widest place
     * @param largest elements of the largest tensor
     */
    public static boolean fits(Ops ops, long elements, long largest) {
        return largest <= MOST_ELEMENTS
                && elements * ops.computeType().bytes() <= ops.freeBytes() / 2;
    }
}
