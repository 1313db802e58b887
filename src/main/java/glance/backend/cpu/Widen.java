package glance.backend.cpu;

import glance.tensor.DType;
import glance.tensor.Tensor;
import glance.tensor.block.BlockFormat;
import glance.tensor.block.SmallFloats;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;

/** Reads elements of any dtype as float32, exactly (integers beyond 2^24 round). */
final class Widen {
    /** Bytes that a thread has copied and not decoded yet: what Gemm packs at a time. */
    private static final int RAW = 16 * 1024;

    private static final class Scratch {
        final short[] shorts = new short[RAW / Short.BYTES];
        final ByteBuffer blocks = ByteBuffer.allocate(RAW).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);
    private static final BlockFormat.Expansion EXPANSION = Simd.INSTANCE::expand;

    private Widen() {}

    /** Copies {@code count} elements of a tensor, from storage element {@code start}, to floats. */
    static void toFloats(Tensor source, long start, float[] target, int at, int count) {
        rows(source, start, 0, 1, target, at, 0, count);
    }

    /** Copies {@code count} elements of {@code bytes}, from element {@code start}, to floats. */
    static void toFloats(
            DType dtype, ByteBuffer bytes, long start, float[] target, int at, int count) {
        rows(dtype, bytes, start, 0, 1, target, at, 0, count);
    }

    /**
     * Copies {@code count} elements of some rows of a tensor to floats.
     *
     * @param start storage element of the first
     * @param pitch storage elements from row to row
     * @param stride floats from row to row of the target
     */
    static void rows(
            Tensor source,
            long start,
            long pitch,
            int rows,
            float[] target,
            int at,
            int stride,
            int count) {
        CpuStorage storage = CpuStorage.of(source);
        if (storage.floats == null) {
            rows(source.dtype(), storage.bytes, start, pitch, rows, target, at, stride, count);
            return;
        }
        for (int r = 0; r < rows; r++) {
            int from = Math.toIntExact(start + r * pitch);
            System.arraycopy(storage.floats, from, target, at + r * stride, count);
        }
    }

    private static void rows(
            DType dtype,
            ByteBuffer bytes,
            long start,
            long pitch,
            int rows,
            float[] target,
            int at,
            int stride,
            int count) {
        int unit = unit(dtype, start, pitch, count);
        int most = unit == 0 ? 0 : (int) (RAW / rows / dtype.bytes(unit)) * unit;
        if (most == 0) {
            for (int r = 0; r < rows; r++) {
                one(dtype, bytes, start + r * pitch, target, at + r * stride, count);
            }
            return;
        }
        for (int done = 0; done < count; done += most) {
            int length = Math.min(most, count - done);
            if (dtype == DType.BF16) {
                int from = Math.toIntExact(start + done);
                shorts(bytes, from, (int) pitch, rows, target, at + done, stride, length);
            } else {
                blocks(dtype, bytes, start + done, pitch, rows, target, at + done, stride, length);
            }
        }
    }

    /** Elements that are decoded together by vectors, or 0 where they are read one by one. */
    private static int unit(DType dtype, long start, long pitch, int count) {
        if (dtype == DType.BF16) {
            return 1;
        }
        if (!dtype.isQuantised() || !BlockFormat.of(dtype).isExpandable()) {
            return 0;
        }
        int block = dtype.blockElements();
        return start % block == 0 && pitch % block == 0 && count % block == 0 ? block : 0;
    }

    // All rows are copied before the first is decoded: a vector waits for stores that have not
    // arrived, and meanwhile nothing more is read from memory.

    private static void shorts(
            ByteBuffer bytes,
            int start,
            int pitch,
            int rows,
            float[] target,
            int at,
            int stride,
            int count) {
        short[] copied = SCRATCH.get().shorts;
        copyShorts(bytes, start, pitch, rows, copied, count, count);
        for (int r = 0; r < rows; r++) {
            Simd.INSTANCE.widen(copied, r * count, target, at + r * stride, count);
        }
    }

    /** Copies rows of a bfloat16 tensor as they are; false if it has another dtype. */
    static boolean shorts(
            Tensor source,
            long start,
            long pitch,
            int rows,
            short[] target,
            int stride,
            int count) {
        CpuStorage storage = CpuStorage.of(source);
        if (source.dtype() != DType.BF16 || storage.bytes == null) {
            return false;
        }
        int from = Math.toIntExact(start);
        copyShorts(storage.bytes, from, (int) pitch, rows, target, stride, count);
        return true;
    }

    private static void copyShorts(
            ByteBuffer bytes, int start, int pitch, int rows, short[] to, int stride, int count) {
        ShortBuffer source = bytes.asShortBuffer();
        for (int r = 0; r < rows; r++) {
            source.get(start + r * pitch, to, r * stride, count);
        }
    }

    private static void blocks(
            DType dtype,
            ByteBuffer bytes,
            long start,
            long pitch,
            int rows,
            float[] target,
            int at,
            int stride,
            int count) {
        ByteBuffer copied = SCRATCH.get().blocks;
        int length = (int) dtype.bytes(count);
        for (int r = 0; r < rows; r++) {
            int from = Math.toIntExact(dtype.bytes(start + r * pitch));
            bytes.get(from, copied.array(), r * length, length);
        }
        BlockFormat format = BlockFormat.of(dtype);
        for (int r = 0; r < rows; r++) {
            format.expand(copied, r * length, target, at + r * stride, count, EXPANSION);
        }
    }

    private static void one(
            DType dtype, ByteBuffer bytes, long start, float[] target, int at, int count) {
        if (dtype.isQuantised()) {
            BlockFormat.of(dtype).read(bytes, start, target, at, count);
        } else {
            plain(dtype, bytes, Math.toIntExact(start), target, at, count);
        }
    }

    private static void plain(
            DType dtype, ByteBuffer bytes, int start, float[] target, int at, int count) {
        switch (dtype) {
            case F32 -> bytes.asFloatBuffer().get(start, target, at, count);
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
