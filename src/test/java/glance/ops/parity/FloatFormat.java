package glance.ops.parity;

import glance.tensor.DType;
import java.nio.ByteBuffer;

/**
 * A binary floating point format, from its definition: {@code (-1)^s 2^(e - bias) 1.m}, and {@code
 * (-1)^s 2^(1 - bias) 0.m} for {@code e = 0}. IEEE 754; OCP 8-bit floating point 1.0 for the two
 * 8-bit ones, of which E4M3 spends its top exponent on numbers and has one NaN.
 */
public final class FloatFormat {
    private final int bytes;
    private final int exponentBits;
    private final int mantissaBits;
    private final int bias;
    private final boolean hasInfinity;

    private FloatFormat(int bytes, int exponentBits, boolean hasInfinity) {
        this.bytes = bytes;
        this.exponentBits = exponentBits;
        this.mantissaBits = 8 * bytes - 1 - exponentBits;
        this.bias = (1 << (exponentBits - 1)) - 1;
        this.hasInfinity = hasInfinity;
    }

    /** The format of a float dtype. */
    public static FloatFormat of(DType dtype) {
        return switch (dtype) {
            case F32 -> new FloatFormat(4, 8, true);
            case BF16 -> new FloatFormat(2, 8, true);
            case F16 -> new FloatFormat(2, 5, true);
            case F8_E4M3 -> new FloatFormat(1, 4, false);
            case F8_E5M2 -> new FloatFormat(1, 5, true);
            default -> throw new IllegalArgumentException(dtype + " is not a float dtype");
        };
    }

    /** The number that a bit pattern stands for. */
    public double decode(long bits) {
        long mantissa = bits & ((1L << mantissaBits) - 1);
        int exponent = (int) (bits >> mantissaBits) & ((1 << exponentBits) - 1);
        double sign = (bits >> (8 * bytes - 1) & 1) == 0 ? 1 : -1;
        if (exponent == (1 << exponentBits) - 1) {
            if (hasInfinity) {
                return mantissa == 0 ? sign / 0.0 : Double.NaN;
            } else if (mantissa == (1L << mantissaBits) - 1) {
                return Double.NaN;
            }
        }
        return exponent == 0
                ? sign * Math.scalb((double) mantissa, 1 - bias - mantissaBits)
                : sign
                        * Math.scalb(
                                (double) ((1L << mantissaBits) + mantissa),
                                exponent - bias - mantissaBits);
    }

    /** The bit pattern nearest to a number, ties to even. */
    public long encode(double value) {
        double magnitude = Math.abs(value);
        int exponent = Math.max(Math.getExponent(magnitude), 1 - bias);
        long steps = (long) Math.rint(Math.scalb(magnitude, mantissaBits - exponent));
        // the leading bit of a normal number, or a carry, counts the exponent up by itself
        long bits = ((long) (exponent + bias - 1) << mantissaBits) + steps;
        if (!Double.isFinite(decode(bits))) {
            throw new IllegalArgumentException(value + " is out of range");
        }
        return Double.compare(value, 0.0) < 0 ? bits | 1L << (8 * bytes - 1) : bits;
    }

    /** The number of this format nearest to {@code value}. */
    public double round(double value) {
        return bytes == 4 ? (float) value : decode(encode(value));
    }

    /** Distance between neighbours at the magnitude of {@code value}. */
    public double ulp(double value) {
        int exponent = Math.max(Math.getExponent(value), 1 - bias);
        return Math.scalb(1.0, exponent - mantissaBits);
    }

    /** Reads element {@code i}, little-endian. */
    public double get(ByteBuffer buffer, int i) {
        long bits = 0;
        for (int b = bytes - 1; b >= 0; b--) {
            bits = bits << 8 | buffer.get(i * bytes + b) & 0xff;
        }
        return decode(bits);
    }

    /** Writes a bit pattern as element {@code i}, little-endian. */
    public void put(ByteBuffer buffer, int i, long bits) {
        for (int b = 0; b < bytes; b++) {
            buffer.put(i * bytes + b, (byte) (bits >> 8 * b));
        }
    }
}
