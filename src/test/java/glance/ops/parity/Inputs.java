package glance.ops.parity;

import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleSupplier;

/** Makes the arguments of one case: the same numbers for the same name, on every device. */
public final class Inputs implements AutoCloseable {
    private record Snapshot(Tensor tensor, ByteBuffer bytes) {}

    private final Ops ops;
    private final Random random;
    private final List<Tensor> weights = new ArrayList<>();
    private final List<Snapshot> snapshots = new ArrayList<>();

    public Inputs(Ops ops, String name) {
        this.ops = ops;
        this.random = new Random(name.hashCode());
    }

    public Ops ops() {
        return ops;
    }

    /** Normally distributed numbers in the compute dtype. */
    public Operand activation(int... dims) {
        return upload(ops.computeType(), draw(random::nextGaussian, dims));
    }

    /** Normally distributed numbers in F32, whatever the compute dtype. */
    public Operand floats(int... dims) {
        return upload(DType.F32, draw(random::nextGaussian, dims));
    }

    /** A weight in [-1, 1), adopted as a file would give it. */
    public Operand weight(DType dtype, int... dims) {
        return adopt(dtype, draw(() -> 2 * random.nextDouble() - 1, dims));
    }

    /** Numbers in [-1, 1) in a dtype that the device keeps, which it need not do with a weight. */
    public Operand exactly(DType dtype, int... dims) {
        return upload(dtype, draw(() -> 2 * random.nextDouble() - 1, dims));
    }

    /** Integers in [0, bound). */
    public Operand ids(int bound, int... dims) {
        return ints(draw(() -> random.nextInt(bound), dims));
    }

    /** The given integers. */
    public Operand ints(HostArray values) {
        int[] ints = Arrays.stream(values.values()).mapToInt(value -> (int) value).toArray();
        return remember(ops.host().ints(Shape.of(values.dims()), ints), values);
    }

    /** Numbers written to the device, rounded to the dtype first. */
    public Operand upload(DType dtype, HostArray values) {
        HostArray rounded = round(dtype, values);
        return remember(
                ops.host().upload(dtype, Shape.of(values.dims()), encode(dtype, rounded)), rounded);
    }

    /** Numbers adopted as a weight, rounded to the dtype first. */
    public Operand adopt(DType dtype, HostArray values) {
        HostArray rounded = round(dtype, values);
        Tensor tensor =
                ops.device().memory().adopt(dtype, Shape.of(values.dims()), encode(dtype, rounded));
        weights.add(tensor);
        return remember(tensor, rounded);
    }

    /** Fails if an operation has written to one of its arguments. */
    public void expectUnchanged() {
        for (Snapshot snapshot : snapshots) {
            if (!ops.host().bytes(snapshot.tensor).equals(snapshot.bytes)) {
                throw new AssertionError("the argument " + snapshot.tensor + " was changed");
            }
        }
    }

    private Operand remember(Tensor tensor, HostArray values) {
        snapshots.add(new Snapshot(tensor, ops.host().bytes(tensor)));
        return new Operand(tensor, values);
    }

    private static HostArray draw(DoubleSupplier source, int... dims) {
        HostArray result = HostArray.zeros(dims);
        Arrays.setAll(result.values(), i -> source.getAsDouble());
        return result;
    }

    private static HostArray round(DType dtype, HostArray values) {
        FloatFormat format = FloatFormat.of(dtype);
        return new HostArray(
                values.dims(), Arrays.stream(values.values()).map(format::round).toArray());
    }

    private static ByteBuffer encode(DType dtype, HostArray values) {
        FloatFormat format = FloatFormat.of(dtype);
        // direct, as a mapped file is
        ByteBuffer bytes = ByteBuffer.allocateDirect(values.values().length * dtype.bytes());
        for (int i = 0; i < values.values().length; i++) {
            format.put(bytes, i, format.encode(values.get(i)));
        }
        return bytes;
    }

    @Override
    public void close() {
        weights.forEach(weight -> weight.storage().release());
    }
}
