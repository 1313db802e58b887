package glance.api;

/** What a device computes in. Weights and sums have types of their own. */
public enum Precision {
    /** 32-bit floats. */
    F32,

    /** bfloat16: the range of {@link #F32}, 8 bits of precision. */
    BF16
}
