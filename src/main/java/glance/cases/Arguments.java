package glance.cases;

import glance.backend.Device;
import glance.formula.Elements;
import glance.formula.Formulas;
import glance.formula.Result;
import glance.io.HostFloats;
import glance.op.Op;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Supplier;

/**
 * Makes the arguments of one case on a device, and notes the operations on them. They are drawn in
 * order: an expression that is evaluated again draws the same tensors. Closing frees all memory.
 */
public final class Arguments implements AutoCloseable {
    /** Arguments up to this size are kept as doubles, which are quicker to read. */
    private static final int SMALL = 1 << 20;

    private final NotingDevice device;
    private final Ops ops;
    private final long seed;
    private final List<Tensor> drawn = new ArrayList<>();
    private final List<Tensor> weights = new ArrayList<>();
    private final Map<Storage, Elements> given = new IdentityHashMap<>();
    private final List<Op> before = new ArrayList<>();
    private int next;
    private int nextBefore;

    /**
     * Nothing yet.
     *
     * @param name the same one gives the same numbers, on every device
     */
    public Arguments(Device device, String name) {
        this.device = new NotingDevice(device);
        this.ops = new Ops(this.device);
        this.seed = name.hashCode();
    }

    /** The operations, which are noted. */
    public Ops ops() {
        return ops;
    }

    /** What was drawn, in order. */
    List<Tensor> drawn() {
        return List.copyOf(drawn);
    }

    /** Evaluates an expression, anew each time, on the same arguments. */
    public List<Tensor> evaluate(Case of) {
        next = 0;
        nextBefore = 0;
        device.forget();
        return of.expression().apply(this);
    }

    /** What the last expression came to, operation by operation. */
    public History history() {
        return new History(List.copyOf(device.ran()), given);
    }

    /** Normally distributed numbers in the compute dtype. */
    public Tensor activation(int... dims) {
        return kept(ops.computeType(), dims);
    }

    /** The same, changed by a function. */
    public Tensor activation(DoubleUnaryOperator change, int... dims) {
        Numbers numbers = numbers(DType.F32, 1);
        return given(ops.computeType(), i -> change.applyAsDouble(numbers.at(i)), dims);
    }

    /** Normally distributed numbers in F32, whatever the compute dtype. */
    public Tensor floats(int... dims) {
        return kept(DType.F32, dims);
    }

    /** The squares of such numbers. */
    public Tensor squares(int... dims) {
        Numbers numbers = numbers(DType.F32, 1);
        return given(DType.F32, i -> numbers.at(i) * numbers.at(i), dims);
    }

    /** Normally distributed numbers in a dtype that the device keeps, unlike that of a weight. */
    public Tensor kept(DType dtype, int... dims) {
        return uploaded(dtype, numbers(dtype, 1), dims);
    }

    /** Integers in [0, bound). */
    public Tensor ids(DType dtype, int bound, int... dims) {
        Numbers numbers = numbers(DType.F32, 1);
        return uploaded(dtype, i -> numbers.below(bound, i), dims);
    }

    /** The given integers. */
    public Tensor ints(int... values) {
        return uploaded(DType.I32, i -> values[(int) i], values.length);
    }

    /** The given numbers, rounded to the dtype. */
    public Tensor given(DType dtype, Elements values, int... dims) {
        int count = Math.toIntExact(Shape.of(dims).numel());
        return uploaded(dtype, HostValues.of(dtype, values, count), dims);
    }

    /**
     * A weight [out, ...] as a file would give it, which keeps the size of what it multiplies; of a
     * quantised type its values are near one.
     */
    public Tensor weight(DType dtype, int... dims) {
        Shape shape = Shape.of(dims);
        if (!dtype.isFloating()) {
            HostValues blocks =
                    new HostValues(dtype, RandomBlocks.of(dtype, shape.numel(), seed + next));
            return draw(blocks, () -> adopted(blocks, shape));
        }
        Numbers numbers =
                numbers(dtype, dims.length < 2 ? 1 : shape.numel() / Math.max(1, dims[0]));
        return draw(numbers, () -> adopted(HostValues.of(dtype, numbers, shape.numel()), shape));
    }

    private Tensor adopted(HostValues values, Shape shape) {
        Tensor tensor = ops.device().memory().adopt(values.dtype(), shape, values.bytes());
        weights.add(tensor);
        return tensor;
    }

    private Numbers numbers(DType dtype, long fanIn) {
        return Numbers.of(dtype, seed + next, fanIn);
    }

    private Tensor uploaded(DType dtype, Elements values, int... dims) {
        return draw(
                values,
                () -> {
                    Tensor tensor = ops.empty(dtype, Shape.of(dims));
                    HostValues bytes =
                            values instanceof HostValues known
                                    ? known
                                    : HostValues.of(dtype, values, tensor.numel());
                    ops.device().memory().write(bytes.bytes(), tensor);
                    return tensor;
                });
    }

    private Tensor draw(Elements values, Supplier<Tensor> make) {
        if (next == drawn.size()) {
            Tensor tensor = make.get();
            drawn.add(tensor);
            given.put(tensor.storage(), quick(kept(values, tensor), tensor.numel()));
        }
        return drawn.get(next++);
    }

    /** A weight may be kept in another dtype than it came in; blocks are expanded into another. */
    private Elements kept(Elements values, Tensor tensor) {
        DType kept = tensor.dtype();
        boolean expanded = kept.isReal() && !kept.isFloating();
        DType dtype = expanded ? ops.computeType() : kept;
        return dtype.isFloating() ? i -> HostFloats.rounded(dtype, (float) values.at(i)) : values;
    }

    private static Elements quick(Elements values, long count) {
        return count > SMALL ? values : new Known(count, values);
    }

    /**
     * Runs what has to happen before the case, such as a forward pass before its gradient, once:
     * its results are arguments, with the numbers that the device made of them.
     */
    @SuppressWarnings("unchecked") // an expression does the same each time
    public <O extends Op> O before(Supplier<O> work) {
        if (nextBefore == before.size()) {
            List<Op> ran = device.ran();
            int start = ran.size();
            before.add(work.get());
            for (Op op : ran.subList(start, ran.size())) {
                Formulas.of(op, tensor -> null).stream()
                        .map(Result::tensor)
                        .forEach(tensor -> given.put(tensor.storage(), read(tensor)));
            }
            ran.subList(start, ran.size()).clear();
        }
        return (O) before.get(nextBefore++);
    }

    private Elements read(Tensor tensor) {
        return quick(HostValues.read(device, tensor), tensor.numel());
    }

    /** A copy of an argument that may be changed. */
    public Tensor copy(Tensor argument) {
        Tensor copy = ops.empty(argument.dtype(), argument.shape());
        device.memory().copy(argument, copy);
        given.put(copy.storage(), given.get(argument.storage()));
        return copy;
    }

    /** Bit patterns, and the numbers that they stand for. */
    public Tensor bits(DType dtype, ByteBuffer patterns, Elements numbers, int... dims) {
        Tensor tensor = uploaded(dtype, new HostValues(dtype, patterns), dims);
        given.put(tensor.storage(), numbers);
        return tensor;
    }

    /** Fails if an operation has written to one of its arguments. */
    public void expectUnchanged() {
        for (Tensor tensor : drawn) {
            Elements now = kept(HostValues.read(device, tensor), tensor);
            Elements before = given.get(tensor.storage());
            for (long i = 0; i < tensor.numel(); i++) {
                if (now.at(i) != before.at(i)) {
                    throw new AssertionError("the argument " + tensor + " was changed");
                }
            }
        }
    }

    @Override
    public void close() {
        ops.close();
        weights.forEach(weight -> weight.storage().release());
    }
}
