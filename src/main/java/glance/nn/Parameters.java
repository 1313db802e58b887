package glance.nn;

import glance.api.FormatException;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.Scaling;
import glance.io.Weights;
import glance.op.Op;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The weights of one component on their way from a checkpoint into layers. Ask for every tensor by
 * name and expected shape, then call {@link #finish}: problems are collected, so that one error
 * tells all of them. Owns the device memory of the weights until closed.
 *
 * <p>Linear layers and {@link #weight} take no device memory before they are first read. Those that
 * were asked for through {@link #conditioning} can be sent away again when the conditioning of a
 * run is known.
 */
public final class Parameters implements AutoCloseable {
    private static final String WEIGHT = ".weight";

    private final Root root;
    private final String prefix;
    private final String block; // null outside of all blocks
    private final boolean conditioning;

    /** What all prefixes of one checkpoint share. */
    private static final class Root {
        final Ops ops;
        final CheckedWeights stored;
        final ComponentWeights weights;
        final List<Storage> owned = new ArrayList<>();
        final Map<String, Linear> linears = new LinkedHashMap<>();

        Root(Ops ops, CheckedWeights stored) {
            this.ops = ops;
            this.stored = stored;
            this.weights = new ComponentWeights(ops, stored.component());
        }
    }

    /**
     * Starts reading a checkpoint, which must stay open as long as the layers are used.
     *
     * @param component class name, for messages
     */
    public Parameters(Ops ops, Weights weights, String component) {
        this(new Root(ops, new CheckedWeights(weights, component)), "", null, false);
    }

    private Parameters(Root root, String prefix, String block, boolean conditioning) {
        this.root = root;
        this.prefix = prefix;
        this.block = block;
        this.conditioning = conditioning;
    }

    /** The parameters whose names start with {@code name} and a dot. */
    public Parameters in(String name) {
        return new Parameters(root, prefix + name + ".", block, conditioning);
    }

    /**
     * The parameters of entry {@code index} of a list of modules. The outermost such list are the
     * blocks of a model, which run one after the other: those whose weights have no room on the
     * device stream from host memory, block by block.
     */
    public Parameters in(int index) {
        String own = prefix + index + ".";
        return new Parameters(root, own, block == null ? own : block, conditioning);
    }

    /**
     * The same parameters; layers and weights asked for through this view are read only while
     * conditioning is computed, and {@link #unloadConditioning} sends them away.
     */
    public Parameters conditioning() {
        return new Parameters(root, prefix, block, true);
    }

    /** Whether the checkpoint has a tensor of this name. */
    public boolean has(String name) {
        return root.stored.all().tensors().containsKey(prefix + name);
    }

    /** The tensor of this name on the device, in the dtype in which the device keeps it. */
    public Tensor tensor(String name, int... dims) {
        Shape shape = Shape.of(dims);
        Supplier<HostTensor> stored = values(name, checked(name, shape, shape));
        if (stored == null) {
            return absent(shape);
        }
        HostTensor host = stored.get();
        Tensor tensor = root.ops.host().adopt(host.dtype(), shape, host.data());
        root.owned.add(tensor.storage());
        return tensor.rank() > 2 && tensor.dtype().isQuantised() ? expanded(tensor) : tensor;
    }

    /** Kernels of convolutions and grids of positions are small, and read in other orders. */
    private Tensor expanded(Tensor tensor) {
        try (Scope scope = root.ops.scope()) {
            return own(scope, root.ops.pack(tensor));
        }
    }

    /**
     * The tensor of this name, which comes to the device when it is first read; adapters find it by
     * its name.
     */
    public Weight weight(String name, int... dims) {
        return weight(name, Shape.of(dims), Shape.of(dims));
    }

    /**
     * One more than the tensor of this name, in F32, as norms are stored whose weight is what it
     * differs from 1 by: the sum would lose its last places in the dtype of a half as many bits.
     */
    private Weight weightPlusOne(String name, int... dims) {
        Shape shape = Shape.of(dims);
        Supplier<HostTensor> stored = values(name, checked(name, shape, shape));
        return kept(name, DType.F32, shape, stored == null ? null : () -> plusOne(stored.get()));
    }

    private static HostTensor plusOne(HostTensor stored) {
        float[] values = HostFloats.read(stored);
        for (int i = 0; i < values.length; i++) {
            values[i] += 1;
        }
        return HostFloats.tensor(DType.F32, stored.shape(), values);
    }

    private Weight weight(String name, Shape stored, Shape shape) {
        boolean plain = root.stored.all().scaling(prefix + name) == Scaling.NONE;
        DType dtype = plain ? root.stored.dtype(prefix + name, stored) : DType.F32;
        return kept(name, dtype, shape, values(name, checked(name, stored, shape)));
    }

    /** Conditioning reads layers of one kind in all blocks, then those of the next kind. */
    private Weight kept(String name, DType dtype, Shape shape, Supplier<HostTensor> stored) {
        String full = prefix + name;
        String turn = block != null && conditioning ? full : block;
        return root.weights.add(full, dtype, shape, stored, turn, conditioning);
    }

    /** A linear layer; the scales of its weight are part of what it computes. */
    private Linear linear(String name, Shape stored, Shape shape, boolean biased) {
        String weight = name + WEIGHT;
        String bias = name + ".bias";
        Supplier<HostTensor> values = checked(weight, stored, shape);
        Shape out = Shape.of(shape.dim(0));
        Supplier<HostTensor> addend = biased ? checked(bias, out, out) : null;
        Scaling scaling = root.stored.all().scaling(prefix + weight);
        boolean plain = values == null || scaling == Scaling.NONE;
        return register(
                name,
                new Linear(
                        prefix + name,
                        kept(weight, root.stored.dtype(prefix + weight, stored), shape, values),
                        biased
                                ? kept(bias, root.stored.dtype(prefix + bias, out), out, addend)
                                : null,
                        plain ? null : scaled(name, scaling, out, addend)));
    }

    private Linear.Scaled scaled(
            String name, Scaling scaling, Shape out, Supplier<HostTensor> bias) {
        float[] ones = new float[out.dim(0)];
        Arrays.fill(ones, 1);
        HostTensor scales = scaling.rows(ones.length);
        HostTensor inverse = scaling.over(HostFloats.tensor(DType.F32, out, ones));
        return new Linear.Scaled(
                scaling,
                kept(name + ".scales", DType.F32, out, () -> scales),
                scaling.isUniform()
                        ? null
                        : kept(name + ".1 / scales", DType.F32, out, () -> inverse),
                bias == null
                        ? null
                        : kept(
                                name + ".bias / scales",
                                DType.F32,
                                out,
                                () -> scaling.over(bias.get())));
    }

    /**
     * How to read a tensor, or null if there is a problem, which is noted.
     *
     * @param shape in which it is used
     */
    private Supplier<HostTensor> checked(String name, Shape want, Shape shape) {
        try {
            return root.stored.find(prefix + name, want, shape);
        } catch (FormatException e) {
            close();
            throw e;
        }
    }

    /** The same with the scales in its values, which makes them float32; null stays null. */
    private Supplier<HostTensor> values(String name, Supplier<HostTensor> stored) {
        Scaling scaling = root.stored.all().scaling(prefix + name);
        return stored == null ? null : () -> scaling.values(stored.get());
    }

    /** A tensor [n, 1, ...] of this name as a vector [n]. */
    public Tensor vector(String name, int... dims) {
        try (Scope scope = root.ops.scope()) {
            Tensor stored = tensor(name, dims);
            if (root.stored.haveProblems()) {
                return stored;
            }
            return own(scope, root.ops.pack(stored.reshape(dims[0])));
        }
    }

    /** {@code name.weight} [out, in] and {@code name.bias} [out]; adapters find it by its name. */
    public Linear linear(String name, int in, int out) {
        return linear(name, Shape.of(out, in), Shape.of(out, in), true);
    }

    /** {@code name.weight} [out, in] alone; adapters find it by its name. */
    public Linear linearNoBias(String name, int in, int out) {
        return linear(name, Shape.of(out, in), Shape.of(out, in), false);
    }

    /** One of these two. */
    public Linear linear(String name, int in, int out, boolean biased) {
        return linear(name, Shape.of(out, in), Shape.of(out, in), biased);
    }

    /**
     * {@code name.weight} [out, channels, patch, patch] and {@code name.bias} [out] of a
     * convolution whose stride is its size, as the linear layer that it is on packed patches;
     * adapters find it by its name.
     */
    public Linear patches(String name, int channels, int patch, int out) {
        Shape stored = Shape.of(out, channels, patch, patch);
        Shape matrix = Shape.of(out, channels * patch * patch);
        return linear(name, stored, matrix, true);
    }

    /**
     * {@code name.weight} [out, channels, frames, patch, patch] of a convolution whose stride is
     * its size, in time too, as the linear layer that it is on packed patches.
     */
    public Linear framePatches(String name, int channels, int frames, int patch, int out) {
        Shape stored = Shape.of(out, channels, frames, patch, patch);
        Shape matrix = Shape.of(out, channels * frames * patch * patch);
        return linear(name, stored, matrix, false);
    }

    /** {@code name.weight} [dim]; adapters find it by its name. */
    public RmsNorm rmsNorm(String name, int dim, float eps) {
        return new RmsNorm(weight(name + ".weight", dim), eps);
    }

    /**
     * The same where the checkpoint stores what the weight differs from 1 by; an adapter that adds
     * to the stored tensor adds to the weight.
     */
    public RmsNorm rmsNormPlusOne(String name, int dim, float eps) {
        return new RmsNorm(weightPlusOne(name + ".weight", dim), eps);
    }

    private Linear register(String name, Linear linear) {
        root.linears.put(prefix + name, linear);
        return linear;
    }

    /** {@code name.weight} [out, in, kernel, kernel] and {@code name.bias} [out]. */
    public Conv2d conv2d(String name, int in, int out, int kernel, int stride, Op.Padding padding) {
        Tensor weight = tensor(name + ".weight", out, in, kernel, kernel);
        return new Conv2d(channelsLast(weight), tensor(name + ".bias", out), stride, padding);
    }

    /**
     * {@code name.weight} [out, in, kernel, kernel, kernel] and {@code name.bias} [out] of a
     * convolution that is causal in time, for a single frame: before the first frame there is only
     * zero padding, so of the kernel's frames only the last ever meets data.
     */
    public Conv2d causalConv3d(String name, int in, int out, int kernel) {
        Tensor weight = tensor(name + ".weight", out, in, kernel, kernel, kernel);
        Tensor last = weight.narrow(2, kernel - 1, 1).permute(0, 1, 3, 4, 2);
        return new Conv2d(
                channelsLast(last.reshape(out, in, kernel, kernel)),
                tensor(name + ".bias", out),
                1,
                Op.Padding.all(kernel / 2));
    }

    /** {@code name.weight} [channels] and {@code name.bias} [channels]. */
    public GroupNorm groupNorm(String name, int channels, int groups, float eps) {
        Tensor weight = tensor(name + ".weight", channels);
        return new GroupNorm(weight, tensor(name + ".bias", channels), groups, eps);
    }

    /** [out, in, kh, kw] of any dtype as a packed F32 [out, kh, kw, in]. */
    private Tensor channelsLast(Tensor weight) {
        Tensor last = weight.permute(0, 2, 3, 1);
        if (root.stored.haveProblems()) {
            return last;
        }
        try (Scope scope = root.ops.scope()) {
            return own(scope, root.ops.pack(last));
        }
    }

    /** Makes a tensor of a scope live as long as the weights. */
    private Tensor own(Scope scope, Tensor tensor) {
        tensor.storage().retain();
        root.owned.add(tensor.storage());
        scope.free(tensor);
        return tensor;
    }

    /** Marks tensors as known but not needed. */
    public void ignore(Predicate<String> names) {
        root.stored.ignore(names);
    }

    /** Shapes of the weights that an adapter can change, by the full names of their layers. */
    public Map<String, Shape> modules() {
        Map<String, Shape> modules = new LinkedHashMap<>();
        root.weights.forEach(
                (name, weight) -> {
                    if (name.endsWith(WEIGHT)) {
                        String module = name.substring(0, name.length() - WEIGHT.length());
                        modules.put(module, weight.shape());
                    }
                });
        return modules;
    }

    /** Shapes of all tensors of the checkpoint, by their names; of random ones those asked for. */
    public Map<String, Shape> tensors() {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        root.stored.all().tensors().forEach((name, info) -> shapes.put(name, info.shape()));
        return shapes;
    }

    /**
     * A parameter as in the checkpoint, by its full name; of a linear layer without its scales.
     * Null if no layer has it.
     */
    public HostTensor stored(String name) {
        Weight weight = root.weights.find(name);
        return weight == null ? null : weight.stored();
    }

    /** How the values of a linear layer's weight come out of the stored ones. */
    public Scaling scalingOf(String module) {
        Linear linear = root.linears.get(module);
        return linear == null ? Scaling.NONE : linear.scaling();
    }

    /** All linear layers by their full names, in the order of creation. */
    public Map<String, Linear> linears() {
        return Collections.unmodifiableMap(root.linears);
    }

    /**
     * Ends loading.
     *
     * @throws FormatException if tensors are missing, mis-shaped or unexpected; names the first few
     *     of them, or what wrote weights that the engine does not read
     */
    public void finish() {
        try {
            root.stored.finish();
            root.weights.announce();
        } catch (FormatException e) {
            close();
            throw e;
        }
    }

    /** Stands in for a tensor that does not exist; never computed with, since finish() throws. */
    private static Tensor absent(Shape shape) {
        Storage nothing =
                new Storage() {
                    @Override
                    public long bytes() {
                        return 0;
                    }

                    @Override
                    protected void free() {}
                };
        return Tensor.contiguous(nothing, DType.F32, shape);
    }

    /** Brings all weights to the device, but for those that only conditioning reads. */
    public void load() {
        root.weights.load();
    }

    /** Frees the device memory of what only conditioning reads, until it is read again. */
    public void unloadConditioning() {
        root.weights.unloadConditioning();
    }

    /** Frees the device memory of all weights. */
    @Override
    public void close() {
        root.stored.close();
        root.weights.close();
        root.owned.forEach(Storage::release);
        root.owned.clear();
    }
}
