package glance.backend.cpu;

import glance.tensor.DType;
import glance.tensor.Tensor;
import glance.tensor.block.BlockFormat;
import glance.tensor.block.SmallFloats;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Reads elements of any dtype as float32, exactly (integers beyond 2^24 round). */
final class Widen {
    private static final ThreadLocal<short[]> SHORTS =
            ThreadLocal.withInitial(() -> new short[512]);

    private static final ThreadLocal<ByteBuffer> BLOCKS =
            ThreadLocal.withInitial(() -> ByteBuffer.allocate(2048).order(ByteOrder.LITTLE_ENDIAN));
    private static final BlockFormat.Expansion EXPANSION = Simd.INSTANCE::expand;

    private Widen() {}

    /** Copies {@code count} elements of a tensor, from storage element {@code start}, to floats. */
    static void toFloats(Tensor source, long start, float[] target, int at, int count) {
        CpuStorage storage = CpuStorage.of(source);
        if (storage.floats != null) {
            System.arraycopy(storage.floats, Math.toIntExact(start), target, at, count);
        } else {
            toFloats(source.dtype(), storage.bytes, start, target, at, count);
        }
    }

    /** Copies {@code count} elements of {@code bytes}, from element {@code start}, to floats. */
    static void toFloats(
            DType dtype, ByteBuffer bytes, long start, float[] target, int at, int count) {
        if (dtype.isQuantised()) {
            blocks(dtype, bytes, start, target, at, count);
        } else {
            plain(dtype, bytes, Math.toIntExact(start), target, at, count);
        }
    }

    private static void blocks(
            DType dtype, ByteBuffer bytes, long start, float[] target, int at, int count) {
        BlockFormat format = BlockFormat.of(dtype);
        int whole = dtype.blockElements();
        if (!format.isExpandable() || start % whole != 0 || count % whole != 0) {
            format.read(bytes, start, target, at, count);
            return;
        }
        ByteBuffer piece = BLOCKS.get();
        int most = piece.capacity() / dtype.blockBytes() * whole;
        for (int done = 0; done < count; done += most) {
            int length = Math.min(most, count - done);
            int from = Math.toIntExact(dtype.bytes(start + done));
            bytes.get(from, piece.array(), 0, (int) dtype.bytes(length));
            format.expand(piece, target, at + done, length, EXPANSION);
        }
    }

    private static void plain(
            DType dtype, ByteBuffer bytes, int start, float[] target, int at, int count) {
        switch (dtype) {
            case F32 -> bytes.asFloatBuffer().get(start, target, at, count);
            case BF16 -> {
                short[] piece = SHORTS.get();
                for (int i = 0; i < count; i += piece.length) {
                    int length = Math.min(piece.length, count - i);
                    bytes.asShortBuffer().get(start + i, piece, 0, length);
                    Simd.INSTANCE.widen(piece, target, at + i, length);
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = SmallFloats.half(bytes.getShort(2 * (start + i)));
                }
            }
            case F8_E4M3 -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = SmallFloats.e4m3(bytes.get(start + i));
                }
            }
            case F8_E5M2 -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = SmallFloats.e5m2(bytes.get(start + i));
                }
            }
            case I8 -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = bytes.get(start + i);
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
            default -> throw new IllegalArgumentException("no numbers of " + dtype + " are read");
        }
    }
}
