package glance.tensor;

/**
 * Element types, as named in safetensors headers. All multi-byte types are little-endian. The
 * engine computes with the first group; the others occur in files, which are listed and copied.
 */
public enum DType {
    /** IEEE 754 single. */
    F32(32, true),
    /** bfloat16: the upper half of a single. */
    BF16(16, true),
    /** IEEE 754 half. */
    F16(16, true),
    /** 8-bit float, 4 exponent bits, 3 mantissa bits, no infinities. */
    F8_E4M3(8, true),
    /** 8-bit float, 5 exponent bits, 2 mantissa bits. */
    F8_E5M2(8, true),
    I64(64, false),
    I32(32, false),
    U8(8, false),
    BOOL(8, false),

    /** IEEE 754 double: numbers of adapter files. */
    F64(64, false),
    C64(64, false),
    U64(64, false),
    U32(32, false),
    I16(16, false),
    U16(16, false),
    I8(8, false),
    /** A power of two: the scale of a block of smaller floats. */
    F8_E8M0(8, false),
    F8_E4M3FNUZ(8, false),
    F8_E5M2FNUZ(8, false),
    F6_E2M3(6, false),
    F6_E3M2(6, false),
    F4(4, false);

    private final int bits;
    private final boolean floating;

    DType(int bits, boolean floating) {
        this.bits = bits;
        this.floating = floating;
    }

    /** Size of one element in bits. */
    public int bits() {
        return bits;
    }

    /**
     * Size of one element in bytes.
     *
     * @throws UnsupportedOperationException if elements share bytes
     */
    public int bytes() {
        if (bits < Byte.SIZE) {
            throw new UnsupportedOperationException(this + " elements share bytes");
        }
        return bits / Byte.SIZE;
    }

    /**
     * Size of {@code numel} elements in bytes.
     *
     * @throws ArithmeticException if it is no whole number, or over that of a long
     */
    public long bytes(long numel) {
        long all = Math.multiplyExact(numel, bits);
        if (all % Byte.SIZE != 0) {
            throw new ArithmeticException(numel + " elements of " + this + " end within a byte");
        }
        return all / Byte.SIZE;
    }

    /** Whether elements are real numbers that the engine computes with. */
    public boolean isFloating() {
        return floating;
    }
}
