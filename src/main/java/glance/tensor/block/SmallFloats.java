package glance.tensor.block;

/**
 * Floats of 16 and 8 bits as float32, exactly, and back with rounding to the nearest, ties to even.
 * What is beyond their range becomes infinite, or NaN where there are no infinities.
 */
public final class SmallFloats {
    private SmallFloats() {}

    /** bfloat16: the upper half of a single. */
    public static float bfloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** IEEE half; Float.float16ToFloat, which Java 17 does not have. */
    public static float half(short bits) {
        int sign = (bits & 0x8000) << 16;
        int exponent = bits >> 10 & 0x1f;
        int mantissa = bits & 0x3ff;
        if (exponent == 0x1f) {
            return Float.intBitsToFloat(sign | 0x7f800000 | mantissa << 13);
        }
        if (exponent == 0) {
            float value = mantissa * 0x1p-24f;
            return sign == 0 ? value : -value;
        }
        return Float.intBitsToFloat(sign | exponent + 112 << 23 | mantissa << 13);
    }

    /** 5 bits of exponent, 2 of mantissa: the upper half of an IEEE half. */
    public static float e5m2(byte bits) {
        return half((short) (bits << 8));
    }

    /** 4 bits of exponent, 3 of mantissa; no infinities, one NaN of either sign. */
    public static float e4m3(byte bits) {
        int exponent = bits >> 3 & 0xf;
        int mantissa = bits & 7;
        float magnitude;
        if (exponent == 0xf && mantissa == 7) {
            magnitude = Float.NaN;
        } else if (exponent == 0) {
            magnitude = mantissa * 0x1p-9f;
        } else {
            magnitude = Float.intBitsToFloat(exponent + 120 << 23 | mantissa << 20);
        }
        return bits < 0 ? -magnitude : magnitude;
    }

    /** The nearest bfloat16, ties to even. */
    public static short bfloatBits(float value) {
        int bits = Float.floatToIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16);
        }
        // Half of the last kept place, less one unless that place is odd: ties go to even.
        return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
    }

    /** The nearest IEEE half; Float.floatToFloat16, which Java 17 does not have. */
    public static short halfBits(float value) {
        int sign = Float.floatToIntBits(value) >>> 16 & 0x8000;
        float magnitude = Math.abs(value);
        if (Float.isNaN(value)) {
            return (short) (sign | 0x7e00);
        }
        // 65520 lies halfway between the largest half, 65504, and the next power of two.
        if (magnitude >= 65520) {
            return (short) (sign | 0x7c00);
        }
        if (magnitude < 0x1p-14f) {
            return (short) (sign | (int) Math.rint(magnitude * 0x1p24));
        }
        int bits = Float.floatToIntBits(magnitude) - (112 << 23);
        return (short) (sign | (bits + 0xfff + (bits >>> 13 & 1)) >>> 13);
    }

    /** The nearest such number; NaN beyond the largest, 448. */
    public static byte e4m3Bits(float value) {
        float magnitude = Math.abs(value);
        int bits;
        if (magnitude < 0x1p-6f) {
            bits = (int) Math.rint(magnitude * 0x1p9);
        } else {
            int wide = Float.floatToIntBits(magnitude) - (120 << 23);
            // 464 lies halfway between the largest number, 448, and what would be the next
            bits = Float.isNaN(value) ? 0x7f : Math.min(0x7f, rounded(wide, 20));
        }
        return signed(value, bits);
    }

    /** The nearest such number. */
    public static byte e5m2Bits(float value) {
        float magnitude = Math.abs(value);
        int bits;
        if (magnitude < 0x1p-14f) {
            bits = (int) Math.rint(magnitude * 0x1p16);
        } else {
            int wide = Float.floatToIntBits(magnitude) - (112 << 23);
            bits = Float.isNaN(value) ? 0x7f : Math.min(0x7c, rounded(wide, 21));
        }
        return signed(value, bits);
    }

    /** Bits without the last {@code dropped}; ties go to even. */
    private static int rounded(int bits, int dropped) {
        int half = (1 << dropped - 1) - 1;
        return bits + half + (bits >>> dropped & 1) >>> dropped;
    }

    private static byte signed(float value, int bits) {
        return (byte) (Float.floatToIntBits(value) >>> 24 & 0x80 | bits);
    }
}
