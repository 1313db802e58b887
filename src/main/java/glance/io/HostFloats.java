package glance.io;

import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.block.BlockFormat;
import glance.tensor.block.SmallFloats;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Real numbers of host tensors as float32, and back with rounding to the nearest, ties to even.
 * Floats of 64 bits, I8 and quantised blocks are read only. What is beyond the range of a dtype
 * becomes what PyTorch makes of it: infinite, and NaN in F8_E4M3, which has no infinities.
 */
public final class HostFloats {
    private HostFloats() {}

    /** Whether a dtype is one that files of adapters and whole checkpoints are written in. */
    public static boolean supports(DType dtype) {
        return dtype == DType.F32 || dtype == DType.BF16 || dtype == DType.F16;
    }

    /**
     * The elements of a tensor: those of F64 to the nearest, all others exactly.
     *
     * @throws IllegalArgumentException if the dtype is none of real numbers
     */
    public static float[] read(HostTensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.shape().numel())];
        read(tensor.dtype(), tensor.data(), 0, values);
        return values;
    }

    /**
     * The elements of a tensor, each times a factor.
     *
     * @throws IllegalArgumentException if the dtype is none of real numbers
     */
    public static float[] times(HostTensor tensor, float factor) {
        float[] values = read(tensor);
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
        }
        return values;
    }

    /**
     * Fills {@code values} from {@code data}, from its element {@code start} on.
     *
     * @throws IllegalArgumentException if the dtype is none of real numbers
     */
    public static void read(DType dtype, ByteBuffer data, int start, float[] values) {
        ByteBuffer source = data.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (dtype.isQuantised()) {
            BlockFormat.of(dtype).read(source, start, values, 0, values.length);
            return;
        }
        switch (dtype) {
            case F32 -> source.asFloatBuffer().get(start, values);
            case BF16 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = SmallFloats.bfloat(source.getShort(2 * (start + i)));
                }
            }
            case F16 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = SmallFloats.half(source.getShort(2 * (start + i)));
                }
            }
            case F8_E4M3 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = SmallFloats.e4m3(source.get(start + i));
                }
            }
            case F8_E5M2 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = SmallFloats.e5m2(source.get(start + i));
                }
            }
            case I8 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = source.get(start + i);
                }
            }
            case F64 -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) source.getDouble(8 * (start + i));
                }
            }
            default -> throw unsupported(dtype);
        }
    }

    /**
     * A tensor with the given elements.
     *
     * @throws IllegalArgumentException if the dtype is none of real numbers
     */
    public static HostTensor tensor(DType dtype, Shape shape, float... values) {
        ByteBuffer data =
                ByteBuffer.allocate(Math.multiplyExact(values.length, dtype.bytes()))
                        .order(ByteOrder.LITTLE_ENDIAN);
        write(dtype, data, 0, values);
        return new HostTensor(dtype, shape, data);
    }

    /** Stores {@code values} into {@code data}, from its element {@code start} on. */
    public static void write(DType dtype, ByteBuffer data, int start, float[] values) {
        ByteBuffer target = data.slice().order(ByteOrder.LITTLE_ENDIAN);
        switch (dtype) {
            case F32 -> target.asFloatBuffer().put(start, values);
            case BF16 -> {
                for (int i = 0; i < values.length; i++) {
                    target.putShort(2 * (start + i), bfloatBits(values[i]));
                }
            }
            case F16 -> {
                for (int i = 0; i < values.length; i++) {
                    target.putShort(2 * (start + i), halfBits(values[i]));
                }
            }
            case F8_E4M3 -> {
                for (int i = 0; i < values.length; i++) {
                    target.put(start + i, e4m3Bits(values[i]));
                }
            }
            case F8_E5M2 -> {
                for (int i = 0; i < values.length; i++) {
                    target.put(start + i, e5m2Bits(values[i]));
                }
            }
            default -> throw unsupported(dtype);
        }
    }

    /** The value that {@code value} has once it is stored as {@code dtype}. */
    public static float rounded(DType dtype, float value) {
        return switch (dtype) {
            case F32 -> value;
            case BF16 -> SmallFloats.bfloat(bfloatBits(value));
            case F16 -> SmallFloats.half(halfBits(value));
            case F8_E4M3 -> SmallFloats.e4m3(e4m3Bits(value));
            case F8_E5M2 -> SmallFloats.e5m2(e5m2Bits(value));
            default -> throw unsupported(dtype);
        };
    }

    private static short bfloatBits(float value) {
        int bits = Float.floatToIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16);
        }
        // Half of the last kept place, less one unless that place is odd: ties go to even.
        return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
    }

    /** Float.floatToFloat16, which Java 17 does not have. */
    private static short halfBits(float value) {
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

    private static byte e4m3Bits(float value) {
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

    private static byte e5m2Bits(float value) {
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

    private static IllegalArgumentException unsupported(DType dtype) {
        return new IllegalArgumentException("must be real numbers, got " + dtype);
    }
}
