package glance.tensor.block;

/** Floats of 16 and 8 bits as float32, exactly. */
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
}
