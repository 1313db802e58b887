package glance.tensor;

/** Element types, as named in safetensors headers. All multi-byte types are little-endian. */
public enum DType {
    /** IEEE 754 single. */
    F32(4, true),
    /** bfloat16: the upper half of a single. */
    BF16(2, true),
    /** IEEE 754 half. */
    F16(2, true),
    /** 8-bit float, 4 exponent bits, 3 mantissa bits, no infinities. */
    F8_E4M3(1, true),
    /** 8-bit float, 5 exponent bits, 2 mantissa bits. */
    F8_E5M2(1, true),
    /** IEEE 754 double: numbers of adapter files; no device computes with it. */
    F64(8, false),
    I64(8, false),
    I32(4, false),
    U8(1, false),
    BOOL(1, false);

    private final int bytes;
    private final boolean floating;

    DType(int bytes, boolean floating) {
        this.bytes = bytes;
        this.floating = floating;
    }

    /** Size of one element in bytes. */
    public int bytes() {
        return bytes;
    }

    /** Whether elements are real numbers that devices compute with. */
    public boolean isFloating() {
        return floating;
    }
}
