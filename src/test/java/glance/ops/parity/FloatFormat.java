package glance.ops.parity;

import glance.tensor.DType;
import java.nio.ByteBuffer;

/**
 * A binary floating point format, from its definition: {@code (-1)^s 2^(e - bias) 1.m}, and {@code
 * (-1)^s 2^(1 - bias) 0.m} for {@code e = 0}. IEEE 754; OCP 8-bit floating point 1.0 for the two
 * 8-bit ones, of which E4M3 spends its top exponent on numbers and has one NaN.
 */
record FloatFormat(int bytes, int exponentBits, boolean hasInfinity) {
    /** The format of a float dtype of at most 16 bits. */
    static FloatFormat of(DType dtype) {
        return switch (dtype) {
            case BF16 -> new FloatFormat(2, 8, true);
            case F16 -> new FloatFormat(2, 5, true);
            case F8_E4M3 -> new FloatFormat(1, 4, false);
            case F8_E5M2 -> new FloatFormat(1, 5, true);
            default -> throw new IllegalArgumentException(dtype + " has other bits");
        };
    }

    /** The number that a bit pattern stands for. */
    double decode(int bits) {
        int mantissaBits = Byte.SIZE * bytes - 1 - exponentBits;
        int bias = (1 << exponentBits - 1) - 1;
        int mantissa = bits & (1 << mantissaBits) - 1;
        int exponent = bits >> mantissaBits & (1 << exponentBits) - 1;
        double sign = (bits >> Byte.SIZE * bytes - 1 & 1) == 0 ? 1 : -1;
        if (exponent == (1 << exponentBits) - 1) {
            if (hasInfinity) {
                return mantissa == 0 ? sign / 0.0 : Double.NaN;
            } else if (mantissa == (1 << mantissaBits) - 1) {
                return Double.NaN;
            }
        }
        return exponent == 0
                ? sign * Math.scalb((double) mantissa, 1 - bias - mantissaBits)
                : sign
                        * Math.scalb(
                                (double) ((1 << mantissaBits) + mantissa),
                                exponent - bias - mantissaBits);
    }

    /** All patterns in order, little-endian; 0 in the place of those that are no finite number. */
    ByteBuffer patterns() {
        int count = 1 << Byte.SIZE * bytes;
        ByteBuffer patterns = ByteBuffer.allocate(count * bytes);
        for (int i = 0; i < count; i++) {
            int bits = Double.isFinite(decode(i)) ? i : 0;
            for (int b = 0; b < bytes; b++) {
                patterns.put(i * bytes + b, (byte) (bits >> Byte.SIZE * b));
            }
        }
        return patterns;
    }
}
