package glance.backend.cpu;

import glance.tensor.DType;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;

/** Reads elements of any dtype as float32, exactly (integers beyond 2^24 round). */
final class Widen {
    private Widen() {}

    /** Copies {@code count} elements of a tensor, from storage element {@code start}, to floats. */
    static void toFloats(Tensor source, long start, float[] target, int at, int count) {
        CpuStorage storage = CpuStorage.of(source);
        int from = Math.toIntExact(start);
        if (storage.floats != null) {
            System.arraycopy(storage.floats, from, target, at, count);
        } else {
            toFloats(source.dtype(), storage.bytes, from, target, at, count);
        }
    }

    /** Copies {@code count} elements of {@code bytes}, from element {@code start}, to floats. */
    static void toFloats(
            DType dtype, ByteBuffer bytes, int start, float[] target, int at, int count) {
        switch (dtype) {
            case F32 -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = bytes.getFloat(4 * (start + i));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = Float.intBitsToFloat(bytes.getShort(2 * (start + i)) << 16);
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = half(bytes.getShort(2 * (start + i)));
                }
            }
            case F8_E4M3 -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = e4m3(bytes.get(start + i));
                }
            }
            case F8_E5M2 -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = half((short) (bytes.get(start + i) << 8));
                }
            }
            case I64 -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = bytes.getLong(8 * (start + i));
                }
            }
            case I32 -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = bytes.getInt(4 * (start + i));
                }
            }
            case U8, BOOL -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = bytes.get(start + i) & 0xff;
                }
            }
        }
    }

    /** IEEE half to single. */
    static float half(short bits) {
        int sign = (bits & 0x8000) << 16;
        int exponent = (bits >> 10) & 0x1f;
        int mantissa = bits & 0x3ff;
        if (exponent == 0x1f) {
            return Float.intBitsToFloat(sign | 0x7f800000 | mantissa << 13);
        }
        if (exponent == 0) {
            float value = mantissa * 0x1p-24f;
            return sign == 0 ? value : -value;
        }
        return Float.intBitsToFloat(sign | (exponent + 112) << 23 | mantissa << 13);
    }

    /** Float8 E4M3 (finite, one NaN) to single. */
    static float e4m3(byte bits) {
        int exponent = (bits >> 3) & 0xf;
        int mantissa = bits & 7;
        float value;
        if (exponent == 0xf && mantissa == 7) {
            value = Float.NaN;
        } else if (exponent == 0) {
            value = mantissa * 0x1p-9f;
        } else {
            value = Float.intBitsToFloat((exponent + 120) << 23 | mantissa << 20);
        }
        return bits < 0 ? -value : value;
    }
}
