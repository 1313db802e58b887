package glance.io;

import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.block.BlockFormat;
import glance.tensor.block.SmallFloats;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Real numbers of host tensors as float32, and back with rounding to the nearest, ties to even.
 * Floats of 64 bits, I8 and some quantised blocks are read only. What is beyond the range of a
 * float becomes what PyTorch makes of it: infinite, and NaN in F8_E4M3, which has no infinities.
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
     * @throws IllegalArgumentException if the dtype is none of real numbers, or blocks do not hold
     *     them
     */
    public static HostTensor tensor(DType dtype, Shape shape, float... values) {
        ByteBuffer data =
                ByteBuffer.allocate(Math.toIntExact(dtype.bytes(values.length)))
                        .order(ByteOrder.LITTLE_ENDIAN);
        write(dtype, data, 0, values);
        return new HostTensor(dtype, shape, data);
    }

    /**
     * Stores {@code values} into {@code data}, from its element {@code start} on; of quantised
     * types whole blocks.
     *
     * @throws IllegalArgumentException if the dtype is none of real numbers, or blocks do not hold
     *     them
     */
    public static void write(DType dtype, ByteBuffer data, int start, float[] values) {
        ByteBuffer target = data.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (dtype.isQuantised()) {
            BlockFormat.of(dtype).write(target, start, values);
            return;
        }
        switch (dtype) {
            case F32 -> target.asFloatBuffer().put(start, values);
            case BF16 -> {
                for (int i = 0; i < values.length; i++) {
                    target.putShort(2 * (start + i), SmallFloats.bfloatBits(values[i]));
                }
            }
            case F16 -> {
                for (int i = 0; i < values.length; i++) {
                    target.putShort(2 * (start + i), SmallFloats.halfBits(values[i]));
                }
            }
            case F8_E4M3 -> {
                for (int i = 0; i < values.length; i++) {
                    target.put(start + i, SmallFloats.e4m3Bits(values[i]));
                }
            }
            case F8_E5M2 -> {
                for (int i = 0; i < values.length; i++) {
                    target.put(start + i, SmallFloats.e5m2Bits(values[i]));
                }
            }
            default -> throw unsupported(dtype);
        }
    }

    /** The value that {@code value} has once it is stored as {@code dtype}. */
    public static float rounded(DType dtype, float value) {
        return switch (dtype) {
            case F32 -> value;
            case BF16 -> SmallFloats.bfloat(SmallFloats.bfloatBits(value));
            case F16 -> SmallFloats.half(SmallFloats.halfBits(value));
            case F8_E4M3 -> SmallFloats.e4m3(SmallFloats.e4m3Bits(value));
            case F8_E5M2 -> SmallFloats.e5m2(SmallFloats.e5m2Bits(value));
            default -> throw unsupported(dtype);
        };
    }

    private static IllegalArgumentException unsupported(DType dtype) {
        return new IllegalArgumentException("must be real numbers, got " + dtype);
    }
}
