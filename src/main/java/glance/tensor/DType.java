package glance.tensor;

/**
 * Element types, as named in safetensors headers and in GGUF. All multi-byte types are
 * little-endian. The engine computes with the first two groups; the others occur in files, which
 * are listed and copied.
 *
 * <p>Elements lie in blocks of a whole number of bytes: mostly one element, several where they
 * share bytes or scales.
 */
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
    /** Whole numbers: weights with a scale beside them. */
    I8(1, false),
    I64(8, false),
    I32(4, false),
    U8(1, false),
    BOOL(1, false),

    /** Quantised blocks of GGUF: small whole numbers with scales, see {@code BlockFormat}. */
    Q8_0(32, 34),
    Q4_0(32, 18),
    Q4_1(32, 20),
    Q5_0(32, 22),
    Q5_1(32, 24),
    Q2_K(256, 84),
    Q3_K(256, 110),
    Q4_K(256, 144),
    Q5_K(256, 176),
    Q6_K(256, 210),
    IQ4_NL(32, 18),
    IQ4_XS(256, 136),

    /** IEEE 754 double: numbers of adapter files. */
    F64(8, false),
    C64(8, false),
    U64(8, false),
    U32(4, false),
    I16(2, false),
    U16(2, false),
    /** A power of two: the scale of a block of smaller floats. */
    F8_E8M0(1, false),
    F8_E4M3FNUZ(1, false),
    F8_E5M2FNUZ(1, false),
    F6_E2M3(4, 3, false, false),
    F6_E3M2(4, 3, false, false),
    F4(2, 1, false, false);

    private final int blockElements;
    private final int blockBytes;
    private final boolean floating;
    private final boolean quantised;

    DType(int bytes, boolean floating) {
        this(1, bytes, floating, false);
    }

    DType(int blockElements, int blockBytes) {
        this(blockElements, blockBytes, false, true);
    }

    DType(int blockElements, int blockBytes, boolean floating, boolean quantised) {
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
        this.floating = floating;
        this.quantised = quantised;
    }

    /** Number of elements that lie together; 1 for types whose elements stand alone. */
    public int blockElements() {
        return blockElements;
    }

    /** Size of a block in bytes. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Size of one element in bits; in quantised blocks on average, scales included. */
    public double bits() {
        return (double) Byte.SIZE * blockBytes / blockElements;
    }

    /**
     * Size of one element in bytes.
     *
     * @throws UnsupportedOperationException if elements share bytes
     */
    public int bytes() {
        if (blockElements > 1) {
            throw new UnsupportedOperationException(this + " elements share bytes");
        }
        return blockBytes;
    }

    /**
     * Size of {@code numel} elements in bytes.
     *
     * @throws ArithmeticException if they are no whole blocks, or their size is over that of a long
     */
    public long bytes(long numel) {
        if (numel % blockElements != 0) {
            throw new ArithmeticException(numel + " elements of " + this + " end within a block");
        }
        return Math.multiplyExact(numel / blockElements, (long) blockBytes);
    }

    /** Whether elements are floats that the engine computes with. */
    public boolean isFloating() {
        return floating;
    }

    /** Whether elements are numbers that products are made with: floats, I8, or quantised. */
    public boolean isReal() {
        return floating || quantised || this == I8;
    }

    /** Whether elements are small whole numbers with scales, see {@code BlockFormat}. */
    public boolean isQuantised() {
        return quantised;
    }
}
