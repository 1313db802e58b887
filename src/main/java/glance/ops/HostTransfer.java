package glance.ops;

import glance.backend.DeviceMemory;
import glance.backend.WeightTurns;
import glance.io.HostFloats;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Moves values between host memory and a device. */
public final class HostTransfer {
    private final Ops ops;

    HostTransfer(Ops ops) {
        this.ops = ops;
    }

    /** An F32 tensor with the given values, row-major. */
    public Tensor floats(Shape shape, float... values) {
        return floats(shape, FloatBuffer.wrap(values));
    }

    /** An F32 tensor with the remaining values of {@code values}, row-major. */
    public Tensor floats(Shape shape, FloatBuffer values) {
        expect(shape, values.remaining());
        ByteBuffer bytes = buffer(DType.F32, shape);
        bytes.asFloatBuffer().put(values.duplicate());
        return upload(DType.F32, shape, bytes);
    }

    /** An I32 tensor with the given values, row-major. */
    public Tensor ints(Shape shape, int... values) {
        expect(shape, values.length);
        ByteBuffer bytes = buffer(DType.I32, shape);
        bytes.asIntBuffer().put(values);
        return upload(DType.I32, shape, bytes);
    }

    /** The values of a contiguous tensor of a float dtype, exactly. */
    public FloatBuffer floats(Tensor tensor) {
        Check.that(
                tensor.dtype().isReal(),
                "read",
                "tensor must be of a float dtype, got " + tensor.dtype());
        ByteBuffer bytes = bytes(tensor);
        if (tensor.dtype() == DType.F32) {
            return bytes.asFloatBuffer();
        }
        float[] values = new float[Math.toIntExact(tensor.numel())];
        HostFloats.read(tensor.dtype(), bytes, 0, values);
        return FloatBuffer.wrap(values);
    }

    /** The bytes of a contiguous tensor, little-endian. */
    public ByteBuffer bytes(Tensor tensor) {
        Check.that(tensor.isContiguous(), "read", "the tensor must be contiguous; copy it first");
        ByteBuffer bytes = buffer(tensor.dtype(), tensor.shape());
        ops.check();
        memory().read(tensor, bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN));
        return bytes;
    }

    /** A tensor of any dtype from little-endian bytes. */
    public Tensor upload(DType dtype, Shape shape, ByteBuffer bytes) {
        long size = dtype.bytes(shape.numel());
        Check.that(
                bytes.remaining() == size,
                "upload",
                dtype + " " + shape + " needs " + size + " bytes, got " + bytes.remaining());
        Tensor tensor = ops.empty(dtype, shape);
        memory().write(bytes, tensor);
        return tensor;
    }

    /** Little-endian bytes over those of a contiguous tensor. */
    public void write(ByteBuffer bytes, Tensor target) {
        Check.that(target.isContiguous(), "write", "target must be contiguous");
        ops.check();
        memory().write(bytes, target);
    }

    /** A weight as {@link DeviceMemory#adopt} takes it; the caller releases its storage. */
    public Tensor adopt(DType dtype, Shape shape, ByteBuffer data) {
        ops.check();
        return memory().adopt(dtype, shape, data);
    }

    /** What a weight takes on the device. */
    public long weightBytes(DType dtype, Shape shape) {
        return memory().keeps(dtype, shape).bytes(shape.numel());
    }

    /** What a weight takes in a block of {@link #stream}. */
    public long bytesInBlock(DType dtype, Shape shape) {
        return WeightTurns.bytesInBlock(memory().keeps(dtype, shape), shape);
    }

    /**
     * Room on the device for two blocks of weights that take turns.
     *
     * @param blocks how many there will be
     * @param blockBytes of the largest, see {@link #bytesInBlock}
     */
    public StreamedWeights stream(int blocks, long blockBytes) {
        ops.check();
        return new StreamedWeights(ops, memory().turns(blocks, blockBytes));
    }

    private DeviceMemory memory() {
        return ops.device().memory();
    }

    private static void expect(Shape shape, int values) {
        Check.that(
                shape.numel() == values,
                "upload",
                "shape " + shape + " needs " + shape.numel() + " values, got " + values);
    }

    private static ByteBuffer buffer(DType dtype, Shape shape) {
        long bytes = dtype.bytes(shape.numel());
        Check.that(
                bytes <= Integer.MAX_VALUE,
                "transfer",
                dtype
                        + " "
                        + shape
                        + " has "
                        + bytes
                        + " bytes; at most 2 GiB go between host and device at once, send parts");
        return ByteBuffer.allocate((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
