package glance.ops;

import glance.api.MemoryStats;
import glance.backend.Device;
import glance.backend.Replay;
import glance.op.Activation;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.op.Rope;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Operations on the tensors of one device. Arguments are never modified but by {@link #copy}; every
 * result is a new contiguous tensor in the device's compute dtype, owned by the innermost {@link
 * Scope}. All methods throw {@link IllegalArgumentException} naming the operation, the argument,
 * what was expected and what was given.
 *
 * <p>Belongs to the thread that first uses it; another thread, and any after {@link #close}, gets
 * an {@link IllegalStateException} from every method that reaches the device. So does everybody
 * once the device is closed.
 */
public final class Ops implements AutoCloseable {
    private final Guard guard = new Guard();
    private final Device device;
    private final HostTransfer host;
    private final TrainingOps training;
    private Scope innermost;
    private Recorder recorder;
    private Adapter adapter = Adapter.NONE;

    public Ops(Device device) {
        this.device = device;
        this.host = new HostTransfer(this);
        this.innermost = new Scope(this, null);
        this.training = new TrainingOps(this);
    }

    public Device device() {
        return device;
    }

    /** Dtype of results. */
    public DType computeType() {
        return device.computeType();
    }

    /** Bytes of the device's memory that are not in use. */
    public long freeBytes() {
        MemoryStats stats = device.memory().stats();
        return device.info().memoryBytes() - stats.scratchBytes() - stats.weightBytes();
    }

    /** The way between host memory and the device. */
    public HostTransfer host() {
        return host;
    }

    /** Opens a scope; close it in the same method. */
    public Scope scope() {
        check();
        innermost = new Scope(this, innermost);
        return innermost;
    }

    /**
     * Does work, such as a forward pass, with an adapter active: the linear layers of the model add
     * what it has for them.
     */
    public <T> T under(Adapter active, Supplier<T> work) {
        Check.given("under", "active", active, "work", work);
        check();
        Adapter before = adapter;
        adapter = active;
        try {
            return work.get();
        } finally {
            adapter = before;
        }
    }

    /** The active adapter. */
    public Adapter adapter() {
        return adapter;
    }

    /** Frees a tensor of the innermost scope before the scope closes. */
    public void free(Tensor tensor) {
        Check.given("free", "tensor", tensor);
        check();
        innermost.free(tensor);
    }

    /**
     * @throws IllegalStateException if this thread may not use the operations, or they are closed
     */
    void check() {
        guard.check();
    }

    void leave(Scope scope) {
        guard.checkThread();
        if (scope == innermost) {
            innermost = scope.parent();
        } else if (innermost != null) {
            throw new IllegalStateException(
                    "scopes must be closed in the reverse order of opening");
        }
    }

    /** A tensor with undefined content. */
    public Tensor empty(DType dtype, Shape shape) {
        Check.given("empty", "dtype", dtype, "shape", shape);
        check();
        Storage storage = device.memory().allocate(dtype, shape.numel());
        innermost.own(storage);
        return Tensor.contiguous(storage, dtype, shape);
    }

    /** {@code x W^T + bias}: {@link #linear(Tensor, Tensor, Tensor, LowRank, Epilogue)} alone. */
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return linear(x, weight, bias, null, Epilogue.none());
    }

    /**
     * {@code y = residual + gate * act(x W^T + bias + scale (x A^T) diag(scales) B^T)}, in one
     * operation, so that a device can fuse it. PyTorch {@code nn.Linear} with a PEFT LoRA layer.
     *
     * @param x [..., in], packed in the last dimension; rank 3 may have any outer strides
     * @param weight [out, in], any float dtype
     * @param bias [out], or null
     * @param lora low-rank addition with a [rank, in], b [out, rank] and scales F32 [rank] or null;
     *     or null
     * @param epilogue activation, gate [batch or 1, out] (x of rank 3), residual [..., out]
     * @return [..., out]
     */
    public Tensor linear(Tensor x, Tensor weight, Tensor bias, LowRank lora, Epilogue epilogue) {
        String op = "linear";
        Check.given(op, "x", x, "epilogue", epilogue);
        Check.rank(op, "weight", weight, 2, "[out, in]");
        Check.packed(op, "weight", weight);
        int out = weight.dim(0);
        int in = weight.dim(1);
        Check.that(
                x.rank() >= 1 && x.dim(-1) == in,
                op,
                "x must be [..., "
                        + in
                        + "] to match weight "
                        + weight.shape()
                        + ", got "
                        + x.shape());
        Check.rows(op, "x", x);
        Shape result = x.shape().with(-1, out);
        if (bias != null) {
            Check.parameter(op, "bias", bias, Shape.of(out), "to match weight " + weight.shape());
        }
        if (lora != null) {
            Check.rank(op, "lora.a", lora.a(), 2, "[rank, in]");
            int rank = lora.a().dim(0);
            Check.parameter(
                    op,
                    "lora.a",
                    lora.a(),
                    Shape.of(rank, in),
                    "to match weight " + weight.shape());
            Check.parameter(
                    op,
                    "lora.b",
                    lora.b(),
                    Shape.of(out, rank),
                    "to match weight " + weight.shape());
            if (lora.scales() != null) {
                Check.parameter(
                        op,
                        "lora.scales",
                        lora.scales(),
                        Shape.of(rank),
                        "to match lora.a " + lora.a().shape());
                Check.dtype(op, "lora.scales", lora.scales(), DType.F32);
            }
        }
        if (epilogue.residual() != null) {
            Check.shape(op, "residual", epilogue.residual(), result, "to match the result");
        }
        if (epilogue.gate() != null) {
            Check.rank(op, "x", x, 3, "[batch, seqLen, in] when a gate is given");
            Check.perSample(op, "gate", epilogue.gate(), x.dim(0), out);
        }
        if (recorder != null && !epilogue.equals(Epilogue.none())) {
            return unfused(linear(x, weight, bias, lora, Epilogue.none()), epilogue);
        }
        Tensor y = empty(computeType(), result);
        Epilogue batched =
                new Epilogue(
                        epilogue.activation(),
                        epilogue.gate(),
                        epilogue.residual() == null
                                ? null
                                : tokens(contiguous(epilogue.residual())));
        run(new Op.Linear(tokens(x), weight, bias, lora, batched, tokens(y)));
        return y;
    }

    /** The epilogue step by step, so that gradients find what they need. */
    private Tensor unfused(Tensor product, Epilogue epilogue) {
        Tensor y = product;
        if (epilogue.activation() != Activation.NONE) {
            y = activation(epilogue.activation(), y);
        }
        if (epilogue.gate() != null) {
            Check.that(
                    epilogue.residual() != null, "linear", "a gate needs a residual in training");
            return gateResidual(epilogue.residual(), epilogue.gate(), y);
        }
        return epilogue.residual() == null ? y : add(y, epilogue.residual());
    }

    /**
     * {@code softmax(scale q k^T + mask) v} for each head; query head h reads key head {@code h *
     * numKvHeads / numHeads}. PyTorch {@code scaled_dot_product_attention} (with enable_gqa). A
     * query that sees no key yields zeros.
     *
     * @param q [batch, seqLen, numHeads, headDim]
     * @param k [batch, keyLen, numKvHeads, headDim]
     * @param v [batch, keyLen, numKvHeads, headDim]
     * @param scale usually {@code 1 / sqrt(headDim)}
     * @return [batch, seqLen, numHeads, headDim]
     */
    public Tensor attention(Tensor q, Tensor k, Tensor v, float scale, AttentionMask mask) {
        String op = "attention";
        Check.given(op, "mask", mask);
        Check.rank(op, "q", q, 4, "[batch, seqLen, numHeads, headDim]");
        Check.rank(op, "k", k, 4, "[batch, keyLen, numKvHeads, headDim]");
        Shape keys = Shape.of(q.dim(0), k.dim(1), k.dim(2), q.dim(3));
        Check.shape(op, "k", k, keys, "to match q " + q.shape());
        Check.shape(op, "v", v, keys, "to match k");
        Check.that(
                k.dim(2) > 0 && q.dim(2) % k.dim(2) == 0,
                op,
                "numHeads " + q.dim(2) + " must be a multiple of numKvHeads " + k.dim(2));
        Check.rows(op, "q", q);
        Check.rows(op, "k", k);
        Check.rows(op, "v", v);
        Check.that(
                !mask.causal() || q.dim(1) == k.dim(1),
                op,
                "a causal mask needs as many keys as queries, got "
                        + k.dim(1)
                        + " and "
                        + q.dim(1));
        if (mask.lengths() != null) {
            Check.parameter(
                    op, "mask.lengths", mask.lengths(), Shape.of(q.dim(0)), "one per sample");
            Check.dtype(op, "mask.lengths", mask.lengths(), DType.I32);
            Check.that(
                    mask.prefix() <= k.dim(1),
                    op,
                    "mask.prefix " + mask.prefix() + " must not exceed keyLen " + k.dim(1));
        } else {
            Check.that(mask.prefix() == 0, op, "mask.prefix needs mask.lengths");
        }
        if (mask.bias() != null) {
            Shape scores = Shape.of(q.dim(2), q.dim(1), k.dim(1));
            Check.shape(op, "mask.bias", mask.bias(), scores, "[numHeads, seqLen, keyLen]");
        }
        AttentionMask packed = mask.bias() == null ? mask : mask.withBias(contiguous(mask.bias()));
        Tensor out = empty(computeType(), q.shape());
        Shape rows = Shape.of(q.dim(0), q.dim(2), q.dim(1));
        Tensor lse = recorder == null ? null : empty(DType.F32, rows);
        run(new Op.Attention(q, k, v, scale, packed, lse, out));
        return out;
    }

    /**
     * Prepares queries or keys for attention: RMSNorm over each head, {@code x / sqrt(mean(x^2) +
     * eps) * weight}, then rotary positions, of one or more streams, joined along the sequence in
     * the order given. Positions count through the joined sequence.
     *
     * @param streams each [batch, seqLen_i, numHeads, headDim]
     * @param weights for each stream [headDim], or null for no norm
     * @param rope tables for {@code sum seqLen_i} positions, or null for no rotation
     * @return [batch, sum seqLen_i, numHeads, headDim]
     */
    public Tensor headNormRope(List<Tensor> streams, List<Tensor> weights, float eps, Rope rope) {
        String op = "headNormRope";
        Check.given(op, "streams", streams, "weights", weights);
        Check.that(!streams.isEmpty(), op, "needs at least one stream");
        Check.that(streams.size() == weights.size(), op, "needs one weight (or null) per stream");
        Tensor first = streams.get(0);
        Check.rank(op, "streams[0]", first, 4, "[batch, seqLen, numHeads, headDim]");
        int seqLen = 0;
        for (int i = 0; i < streams.size(); i++) {
            Tensor stream = streams.get(i);
            Check.rank(op, "streams[" + i + "]", stream, 4, "[batch, seqLen, numHeads, headDim]");
            Shape want = first.shape().with(1, stream.dim(1));
            Check.shape(op, "streams[" + i + "]", stream, want, "to match streams[0]");
            Check.rows(op, "streams[" + i + "]", stream);
            if (weights.get(i) != null) {
                Check.parameter(
                        op,
                        "weights[" + i + "]",
                        weights.get(i),
                        Shape.of(first.dim(3)),
                        "[headDim]");
            }
            seqLen += stream.dim(1);
        }
        if (rope != null) {
            Check.that(
                    first.dim(3) % 2 == 0,
                    op,
                    "headDim must be even for rotary positions, got " + first.dim(3));
            Shape table = Shape.of(seqLen, first.dim(3) / 2);
            Check.parameter(op, "rope.cos", rope.cos(), table, "[sum seqLen, headDim / 2]");
            Check.parameter(op, "rope.sin", rope.sin(), table, "[sum seqLen, headDim / 2]");
        }
        Tensor out = empty(computeType(), first.shape().with(1, seqLen));
        run(new Op.HeadNormRope(List.copyOf(streams), nullable(weights), eps, rope, out));
        return out;
    }

    /**
     * {@code act(x / sqrt(mean(x^2) + eps) * weight)}, mean over the last dimension. Zhang and
     * Sennrich, arXiv 1910.07467.
     *
     * @param x [..., dim]
     * @param weight [dim], or null for 1
     */
    public Tensor rmsNorm(Tensor x, Tensor weight, float eps, Activation activation) {
        Check.given("rmsNorm", "activation", activation);
        Check.rows("rmsNorm", "x", x);
        if (weight != null) {
            Check.parameter(
                    "rmsNorm", "weight", weight, Shape.of(x.dim(-1)), "to match x " + x.shape());
        }
        if (recorder != null && activation != Activation.NONE) {
            return activation(activation, rmsNorm(x, weight, eps));
        }
        Tensor out = empty(computeType(), x.shape());
        run(new Op.RmsNorm(tokens(x), weight, eps, activation, tokens(out)));
        return out;
    }

    /** {@link #rmsNorm(Tensor, Tensor, float, Activation)} without activation. */
    public Tensor rmsNorm(Tensor x, Tensor weight, float eps) {
        return rmsNorm(x, weight, eps, Activation.NONE);
    }

    /**
     * {@code norm(x) * (1 + scale) + shift} with {@code norm(x) = (x - mean) / sqrt(var + eps)}
     * over the last dimension: the adaptive norm of DiT, Peebles and Xie, arXiv 2212.09748.
     *
     * @param x [batch, seqLen, dim]
     * @param scale [batch or 1, dim], packed in the last dimension
     * @param shift [batch or 1, dim], packed in the last dimension
     */
    public Tensor layerNormModulate(Tensor x, Tensor scale, Tensor shift, float eps) {
        String op = "layerNormModulate";
        Check.rank(op, "x", x, 3, "[batch, seqLen, dim]");
        Check.rows(op, "x", x);
        Check.perSample(op, "scale", scale, x.dim(0), x.dim(2));
        Check.perSample(op, "shift", shift, x.dim(0), x.dim(2));
        Tensor out = empty(computeType(), x.shape());
        run(new Op.LayerNorm(x, null, null, scale, shift, eps, out));
        return out;
    }

    /**
     * {@code (x - mean) / sqrt(var + eps) * weight + bias} over the last dimension; PyTorch {@code
     * layer_norm}.
     *
     * @param x [..., dim]
     * @param weight [dim], or null for 1
     * @param bias [dim], or null for 0
     */
    public Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, float eps) {
        Check.rows("layerNorm", "x", x);
        Shape dim = Shape.of(x.dim(-1));
        if (weight != null) {
            Check.parameter("layerNorm", "weight", weight, dim, "to match x " + x.shape());
        }
        if (bias != null) {
            Check.parameter("layerNorm", "bias", bias, dim, "to match x " + x.shape());
        }
        Tensor out = empty(computeType(), x.shape());
        run(new Op.LayerNorm(tokens(x), weight, bias, null, null, eps, tokens(out)));
        return out;
    }

    /**
     * What {@link #groupNorm} needs to know of a picture: mean and {@code 1 / sqrt(var + eps)} of
     * each group of {@code channels / groups} neighbouring channels, over all pixels of a sample.
     *
     * @param parts the picture, or strips of it from top to bottom, each [batch, height_i, width,
     *     channels]; how it is cut does not change the result
     * @param groups divides channels
     * @return [batch, groups, 2] F32
     */
    public Tensor groupStatistics(List<Tensor> parts, int groups, float eps) {
        String op = "groupStatistics";
        Check.given(op, "parts", parts);
        Check.that(!parts.isEmpty(), op, "needs at least one part");
        Tensor first = parts.get(0);
        List<Tensor> packed = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            Tensor part = parts.get(i);
            String name = "parts[" + i + "]";
            Check.rank(op, name, part, 4, "[batch, height, width, channels]");
            Shape want = first.shape().with(1, part.dim(1));
            Check.shape(op, name, part, want, "to match parts[0]");
            packed.add(contiguous(part));
        }
        Check.that(
                groups >= 1 && first.dim(3) % groups == 0,
                op,
                "groups must divide channels " + first.dim(3) + ", got " + groups);
        Tensor out = empty(DType.F32, Shape.of(first.dim(0), groups, 2));
        run(new Op.GroupStatistics(List.copyOf(packed), eps, out));
        return out;
    }

    /**
     * {@code act((x - mean) / sqrt(var + eps) * weight + bias)} with the statistics of each group
     * of channels; PyTorch {@code group_norm}, channels last. Wu and He, arXiv 1803.08494.
     *
     * @param x [batch, height, width, channels]: the picture or a part of it
     * @param statistics [batch, groups, 2] of the whole picture, from {@link #groupStatistics}
     * @param weight [channels]
     * @param bias [channels]
     */
    public Tensor groupNorm(
            Tensor x, Tensor statistics, Tensor weight, Tensor bias, Activation activation) {
        String op = "groupNorm";
        Check.given(op, "activation", activation);
        Check.rank(op, "x", x, 4, "[batch, height, width, channels]");
        Check.rank(op, "statistics", statistics, 3, "[batch, groups, 2]");
        int groups = statistics.dim(1);
        Shape want = Shape.of(x.dim(0), groups, 2);
        Check.parameter(op, "statistics", statistics, want, "to match x " + x.shape());
        Check.dtype(op, "statistics", statistics, DType.F32);
        Check.that(
                groups >= 1 && x.dim(3) % groups == 0,
                op,
                "the groups of statistics must divide channels " + x.dim(3) + ", got " + groups);
        Check.parameter(op, "weight", weight, Shape.of(x.dim(3)), "to match x " + x.shape());
        Check.parameter(op, "bias", bias, Shape.of(x.dim(3)), "to match x " + x.shape());
        Tensor out = empty(computeType(), x.shape());
        run(new Op.GroupNorm(contiguous(x), statistics, weight, bias, activation, out));
        return out;
    }

    /**
     * {@code residual + gate * y}.
     *
     * @param residual [batch, seqLen, dim]
     * @param gate [batch or 1, dim], packed in the last dimension
     * @param y [batch, seqLen, dim]
     */
    public Tensor gateResidual(Tensor residual, Tensor gate, Tensor y) {
        String op = "gateResidual";
        Check.rank(op, "residual", residual, 3, "[batch, seqLen, dim]");
        Check.shape(op, "y", y, residual.shape(), "to match residual");
        Check.perSample(op, "gate", gate, residual.dim(0), residual.dim(2));
        Tensor out = empty(computeType(), residual.shape());
        run(new Op.GateResidual(contiguous(residual), gate, contiguous(y), out));
        return out;
    }

    /** {@code act(x)}, element by element; formulas at {@link Activation}. */
    public Tensor activation(Activation activation, Tensor x) {
        Check.given("activation", "activation", activation, "x", x);
        Tensor out = empty(computeType(), x.shape());
        run(new Op.Unary(activation, contiguous(x), out));
        return out;
    }

    /** {@code act(gate) * up}, element by element; the gated MLP of Shazeer, arXiv 2002.05202. */
    public Tensor gatedActivation(Activation activation, Tensor gate, Tensor up) {
        Check.given("gatedActivation", "activation", activation, "gate", gate);
        Check.shape("gatedActivation", "up", up, gate.shape(), "to match gate");
        Tensor out = empty(computeType(), gate.shape());
        run(new Op.GatedActivation(activation, contiguous(gate), contiguous(up), out));
        return out;
    }

    /** {@code a + b}; b has the shape of a, or [last dimension of a], or one element. */
    public Tensor add(Tensor a, Tensor b) {
        return binary("add", Op.Binary.Kind.ADD, a, b);
    }

    /** {@code a * b}; b has the shape of a, or [last dimension of a], or one element. */
    public Tensor mul(Tensor a, Tensor b) {
        return binary("mul", Op.Binary.Kind.MUL, a, b);
    }

    private Tensor binary(String op, Op.Binary.Kind kind, Tensor a, Tensor b) {
        Check.given(op, "a", a, "b", b);
        boolean fits =
                b.shape().equals(a.shape())
                        || b.numel() == 1
                        || (b.rank() == 1 && a.rank() > 0 && b.dim(0) == a.dim(-1));
        Check.that(
                fits,
                op,
                "b must have the shape of a "
                        + a.shape()
                        + ", its last dimension, or one element, got "
                        + b.shape());
        Tensor out = empty(computeType(), a.shape());
        run(new Op.Binary(kind, contiguous(a), contiguous(b), out));
        return out;
    }

    /**
     * Row {@code ids[i]} of the table for each i; PyTorch {@code embedding}. Ids are not checked
     * against the table here (they live on the device): check them on the host.
     *
     * @param ids [...] I32
     * @param table [vocab, dim], any float dtype
     * @return [..., dim]
     */
    public Tensor embedding(Tensor ids, Tensor table) {
        Check.dtype("embedding", "ids", ids, DType.I32);
        Check.rank("embedding", "table", table, 2, "[vocab, dim]");
        Check.packed("embedding", "table", table);
        int[] dims = java.util.Arrays.copyOf(ids.shape().dims(), ids.rank() + 1);
        dims[ids.rank()] = table.dim(1);
        Tensor out = empty(computeType(), Shape.of(dims));
        run(new Op.Embedding(contiguous(ids), table, out));
        return out;
    }

    /**
     * {@code [cos(scale t f_j) | sin(scale t f_j)]}, {@code f_j = 10000^(-j / (dim/2 -
     * freqShift))}; the diffusers class Timesteps with flip_sin_to_cos.
     *
     * @param t [n] F32
     * @param dim positive and even
     * @param freqShift less than dim / 2
     * @return [n, dim]
     */
    public Tensor timestepEmbedding(Tensor t, int dim, float scale, float freqShift) {
        Check.rank("timestepEmbedding", "t", t, 1, "[n]");
        Check.dtype("timestepEmbedding", "t", t, DType.F32);
        Check.that(
                dim >= 2 && dim % 2 == 0,
                "timestepEmbedding",
                "dim must be positive and even, got " + dim);
        Check.that(
                freqShift < dim / 2,
                "timestepEmbedding",
                "freqShift must be less than dim / 2 = " + dim / 2 + ", got " + freqShift);
        Tensor out = empty(computeType(), Shape.of(t.dim(0), dim));
        run(new Op.TimestepEmbedding(contiguous(t), scale, freqShift, out));
        return out;
    }

    /**
     * 2-D convolution, channels last; PyTorch {@code conv2d} with weight [out, in, kh, kw] stored
     * as [out, kh, kw, in].
     *
     * @param x [batch, height, width, in]
     * @param weight [out, kh, kw, in]
     * @param bias [out], or null
     * @param residual added to the result, same shape, or null
     * @return [batch, (height + top + bottom - kh) / stride + 1, (width + left + right - kw) /
     *     stride + 1, out]
     */
    public Tensor conv2d(
            Tensor x, Tensor weight, Tensor bias, int stride, Op.Padding padding, Tensor residual) {
        String op = "conv2d";
        Check.given(op, "padding", padding);
        Check.rank(op, "x", x, 4, "[batch, height, width, in]");
        Check.rank(op, "weight", weight, 4, "[out, kh, kw, in]");
        Check.that(
                weight.dim(3) == x.dim(3),
                op,
                "weight must be [out, kh, kw, " + x.dim(3) + "] to match x, got " + weight.shape());
        Check.packed(op, "weight", weight);
        if (bias != null) {
            Check.parameter(op, "bias", bias, Shape.of(weight.dim(0)), "[out]");
        }
        Check.that(stride >= 1, op, "stride must be at least 1, got " + stride);
        int least =
                Math.min(
                        Math.min(padding.top(), padding.left()),
                        Math.min(padding.bottom(), padding.right()));
        Check.that(least >= 0, op, "padding must not be negative, got " + padding);
        int spareRows = x.dim(1) + padding.top() + padding.bottom() - weight.dim(1);
        int spareColumns = x.dim(2) + padding.left() + padding.right() - weight.dim(2);
        Check.that(
                spareRows >= 0 && spareColumns >= 0,
                op,
                "x "
                        + x.shape()
                        + " with "
                        + padding
                        + " is smaller than the kernel ["
                        + weight.dim(1)
                        + ", "
                        + weight.dim(2)
                        + "]");
        int height = spareRows / stride + 1;
        int width = spareColumns / stride + 1;
        Shape result = Shape.of(x.dim(0), height, width, weight.dim(0));
        if (residual != null) {
            Check.shape(op, "residual", residual, result, "to match the result");
        }
        Tensor out = empty(computeType(), result);
        Tensor added = residual == null ? null : contiguous(residual);
        run(new Op.Conv2d(contiguous(x), weight, bias, stride, padding, added, out));
        return out;
    }

    /** Doubles height and width by repeating pixels; x [batch, height, width, channels]. */
    public Tensor upsampleNearest2x(Tensor x) {
        Check.rank("upsampleNearest2x", "x", x, 4, "[batch, height, width, channels]");
        Tensor out = empty(computeType(), Shape.of(x.dim(0), 2 * x.dim(1), 2 * x.dim(2), x.dim(3)));
        run(new Op.UpsampleNearest2x(contiguous(x), out));
        return out;
    }

    /** Joins tensors along {@code axis}; other dimensions must agree. */
    public Tensor concat(int axis, List<Tensor> parts) {
        Check.allGiven("concat", "parts", parts);
        Check.that(!parts.isEmpty(), "concat", "needs at least one part");
        Shape first = parts.get(0).shape();
        Check.that(
                axis >= -first.rank() && axis < first.rank(),
                "concat",
                "axis " + axis + " does not exist in parts[0] " + first);
        int total = 0;
        for (int i = 0; i < parts.size(); i++) {
            Tensor part = parts.get(i);
            String name = "parts[" + i + "]";
            Check.rank("concat", name, part, first.rank(), "like parts[0] " + first);
            Shape want = first.with(axis, part.dim(axis));
            Check.shape("concat", name, part, want, "to match parts[0] outside axis " + axis);
            total += part.dim(axis);
        }
        Tensor out = empty(computeType(), first.with(axis, total));
        int at = 0;
        for (Tensor part : parts) {
            run(new Op.Copy(part, out.narrow(axis, at, part.dim(axis))));
            at += part.dim(axis);
        }
        return out;
    }

    /** The tensor itself if it is contiguous, else a packed copy of the same dtype. */
    public Tensor contiguous(Tensor x) {
        Check.given("contiguous", "x", x);
        if (x.isContiguous()) {
            return x;
        }
        Tensor out = empty(x.dtype(), x.shape());
        run(new Op.Copy(x, out));
        return out;
    }

    /** A packed copy in the compute dtype, whatever strides and float dtype x has. */
    public Tensor pack(Tensor x) {
        Check.given("pack", "x", x);
        Tensor out = empty(computeType(), x.shape());
        run(new Op.Copy(x, out));
        return out;
    }

    /**
     * Fills {@code target} with the values of {@code x}, in the dtype and strides of each: the one
     * operation that changes a tensor that there was before. It cannot be recorded.
     *
     * @param target the shape of x
     */
    public void copy(Tensor x, Tensor target) {
        Check.given("copy", "x", x);
        Check.shape("copy", "target", target, x.shape(), "to match x");
        Check.that(recorder == null, "copy", "a tensor is not overwritten while there is a tape");
        run(new Op.Copy(x, target));
    }

    /**
     * Makes work ready to be run many times; on a GPU it becomes one graph of launches. It must
     * read tensors that outlive the result alone, leave its own in {@link #copy} of such tensors,
     * and keep away from {@link #host}. It cannot be recorded.
     */
    public Replay replay(Runnable work) {
        Check.given("replay", "work", work);
        check();
        Check.that(recorder == null, "replay", "work is not replayed while there is a tape");
        return device.replay(
                () -> {
                    try (Scope scope = scope()) {
                        work.run();
                    }
                });
    }

    /** The tensor itself if it has the dtype, else a converted copy. */
    public Tensor cast(Tensor x, DType dtype) {
        Check.given("cast", "x", x, "dtype", dtype);
        if (x.dtype() == dtype) {
            return x;
        }
        Tensor out = empty(dtype, x.shape());
        run(new Op.Copy(x, out));
        return out;
    }

    /**
     * One step of the probability-flow ODE with classifier-free guidance: {@code latents + dt v}.
     * With a negative velocity n, {@code v} becomes {@code g = n + guidance (v - n)}, and with
     * {@code rescale} is brought back to the length that v had: {@code g |v| / |g|} per token (last
     * dimension). Euler step of FlowMatchEulerDiscreteScheduler; guidance of QwenImagePipeline.
     *
     * @param latents [batch, seqLen, channels]
     * @param velocity [batch, seqLen, channels]
     * @param negative [batch, seqLen, channels], or null for no guidance
     * @param dt next sigma minus this sigma
     */
    public Tensor guidedEuler(
            Tensor latents,
            Tensor velocity,
            Tensor negative,
            float guidance,
            boolean rescale,
            float dt) {
        String op = "guidedEuler";
        Check.rank(op, "latents", latents, 3, "[batch, seqLen, channels]");
        Check.shape(op, "velocity", velocity, latents.shape(), "to match latents");
        if (negative != null) {
            Check.shape(op, "negative", negative, latents.shape(), "to match latents");
        }
        Tensor out = empty(computeType(), latents.shape());
        run(
                new Op.GuidedEuler(
                        contiguous(latents),
                        contiguous(velocity),
                        negative == null ? null : contiguous(negative),
                        guidance,
                        rescale,
                        dt,
                        out));
        return out;
    }

    /**
     * Runs a part of a model whose inner results are not worth keeping for the gradients: a
     * recorder may keep only the inputs and run the part again when it needs them. Without a
     * recorder it just runs.
     *
     * @param inputs every tensor that the part reads and that does not live as long as the weights
     * @param part must give the same results each time
     */
    public List<Tensor> checkpoint(List<Tensor> inputs, Supplier<List<Tensor>> part) {
        Check.given("checkpoint", "inputs", inputs, "part", part);
        check();
        return recorder == null ? part.get() : recorder.checkpoint(inputs, part);
    }

    /**
     * Frees all that its scopes own. Twice is fine.
     *
     * @throws IllegalStateException if they belong to another thread that still runs
     */
    @Override
    public void close() {
        if (!guard.beginClose()) {
            return;
        }
        while (innermost != null) {
            innermost.close();
        }
        guard.endClose();
    }

    /** The only way to the device. */
    void run(Op op) {
        check();
        device.kernels().run(op);
        if (recorder != null) {
            recorder.recorded(op);
        }
    }

    /**
     * Tells {@code recorder} every operation from now on; null for none. While there is a recorder,
     * operations keep what their gradients need and are not fused where fusing would lose it.
     */
    public void record(Recorder recorder) {
        guard.checkThread();
        this.recorder = recorder;
    }

    /** Operations that only training needs. */
    public TrainingOps training() {
        return training;
    }

    /** [..., dim] as [batch, seqLen, dim]. */
    Tensor tokens(Tensor x) {
        if (x.rank() == 3) {
            return x;
        }
        return contiguous(x).reshape(1, x.dim(-1) == 0 ? 0 : -1, x.dim(-1));
    }

    private static <T> List<T> nullable(List<T> list) {
        return java.util.Collections.unmodifiableList(new java.util.ArrayList<>(list));
    }
}
