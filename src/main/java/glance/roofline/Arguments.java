package glance.roofline;

import glance.backend.Device;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes the arguments of one call on a device and counts their bytes. Arguments made in the same
 * order are the same numbers, on every device. Closing frees them.
 */
final class Arguments implements AutoCloseable {
    private final Device device;
    private final List<Tensor> owned = new ArrayList<>();
    private final Map<Tensor, Numbers> numbers = new IdentityHashMap<>();
    private long movedBytes;

    Arguments(Device device) {
        this.device = device;
    }

    /** Random numbers in the compute type. */
    Tensor activation(int... dims) {
        return random(device.computeType(), dims);
    }

    /** Random F32 numbers, whatever the compute type. */
    Tensor floats(int... dims) {
        return random(DType.F32, dims);
    }

    /** F32 zeros. */
    Tensor zeros(int... dims) {
        return upload(new Numbers(DType.F32, 0, 0), dims);
    }

    private Tensor random(DType dtype, int... dims) {
        return upload(Numbers.of(dtype, numbers.size(), 1), dims);
    }

    private Tensor upload(Numbers values, int... dims) {
        Tensor tensor = scratch(values.dtype(), dims);
        device.memory().write(values.bytes(tensor.numel()), tensor);
        return remember(tensor, values);
    }

    /** Another tensor of the same numbers. */
    Tensor again(Tensor tensor) {
        return upload(numbers.get(tensor), tensor.shape().dims());
    }

    /** A matrix of a checkpoint, [out, ...], in BF16 as the published ones are. */
    Tensor weight(int... dims) {
        return adopt(DType.BF16, Math.toIntExact(Shape.of(dims).numel() / dims[0]), dims);
    }

    /** A vector of a checkpoint: a bias, or the weight of a norm. */
    Tensor parameter(int dim) {
        return adopt(DType.F32, 1, dim);
    }

    private Tensor adopt(DType dtype, int fanIn, int... dims) {
        Numbers values = Numbers.of(dtype, numbers.size(), fanIn);
        Shape shape = Shape.of(dims);
        Tensor tensor = device.memory().adopt(dtype, shape, values.bytes(shape.numel()));
        owned.add(tensor);
        return remember(tensor, values);
    }

    private Tensor remember(Tensor tensor, Numbers values) {
        numbers.put(tensor, values);
        return moved(tensor);
    }

    /** The given integers. */
    Tensor ints(int... values) {
        Tensor tensor = scratch(DType.I32, values.length);
        ByteBuffer bytes =
                ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(values);
        device.memory().write(bytes, tensor);
        return moved(tensor);
    }

    /** A result in the compute type. */
    Tensor result(int... dims) {
        return moved(scratch(device.computeType(), dims));
    }

    /** A result in F32. */
    Tensor floatResult(int... dims) {
        return moved(scratch(DType.F32, dims));
    }

    /** A tensor between two kernels, which a better one would not need: not counted. */
    Tensor between(int... dims) {
        return scratch(device.computeType(), dims);
    }

    private Tensor scratch(DType dtype, int... dims) {
        Shape shape = Shape.of(dims);
        Tensor tensor =
                Tensor.contiguous(device.memory().allocate(dtype, shape.numel()), dtype, shape);
        owned.add(tensor);
        return tensor;
    }

    /** Counts an argument once more, because it is also written. */
    Tensor moved(Tensor tensor) {
        movedBytes += bytes(tensor);
        return tensor;
    }

    private static long bytes(Tensor tensor) {
        return tensor.numel() * tensor.dtype().bytes();
    }

    /** The numbers of a random argument. */
    Numbers numbers(Tensor tensor) {
        return numbers.get(tensor);
    }

    /** What a tensor holds now. */
    DeviceValues read(Tensor tensor) {
        return DeviceValues.read(device, tensor);
    }

    /** Runs what has to happen before the call. */
    void run(Op op) {
        device.kernels().run(op);
    }

    /** Bytes of arguments and results, each moved once. */
    long movedBytes() {
        return movedBytes;
    }

    /** Bytes of all tensors. */
    long bytes() {
        return owned.stream().mapToLong(Arguments::bytes).sum();
    }

    @Override
    public void close() {
        owned.forEach(tensor -> tensor.storage().release());
        owned.clear();
    }
}
