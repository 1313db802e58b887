package glance.ops;

import glance.api.MemoryStats;
import glance.backend.Device;
import glance.backend.Replay;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;

/**
 * Operations on the tensors of one device, inherited family by family. Arguments are never modified
 * but by {@link #copy}; every result is a new contiguous tensor in the device's compute dtype,
 * owned by the innermost {@link Scope}. All methods throw {@link IllegalArgumentException} naming
 * the operation, the argument, what was expected and what was given.
 *
 * <p>Belongs to the thread that first uses it; another thread, and any after {@link #close}, gets
 * an {@link IllegalStateException} from every method that reaches the device. So does everybody
 * once the device is closed.
 */
public final class Ops
        implements LinearOps, AttentionOps, LookupOps, ConvOps, SamplerOps, AutoCloseable {
    private final Guard guard = new Guard();
    private final Device device;
    private final HostTransfer host;
    private final TrainingOps training;
    private Scope innermost;
    private Recorder recorder;
    private Adapter adapter = Adapter.NONE;
    private WeightLimit weightLimit = WeightLimit.NONE;

    public Ops(Device device) {
        this.device = device;
        this.host = new HostTransfer(this);
        this.innermost = new Scope(this, null);
        this.training = new TrainingOps(this);
    }

    public Device device() {
        return device;
    }

    @Override
    public DType computeType() {
        return device.computeType();
    }

    /** Bytes of the device's memory that are not in use. */
    public long freeBytes() {
        MemoryStats stats = device.memory().stats();
        return device.info().memoryBytes() - stats.scratchBytes() - stats.weightBytes();
    }

    /** How much of the memory the weights of components may take that are opened from now on. */
    public void limitWeights(WeightLimit limit) {
        Check.given("limitWeights", "limit", limit);
        check();
        weightLimit = limit;
    }

    /** The limit for weights. */
    public WeightLimit weightLimit() {
        return weightLimit;
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

    @Override
    public boolean readsRounded(Op.Linears op) {
        Check.given("readsRounded", "op", op);
        check();
        return device.kernels().readsRounded(op);
    }

    @Override
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

    @Override
    public Tensor empty(DType dtype, Shape shape) {
        Check.given("empty", "dtype", dtype, "shape", shape);
        check();
        Storage storage = device.memory().allocate(dtype, shape.numel());
        innermost.own(storage);
        return Tensor.contiguous(storage, dtype, shape);
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

    @Override
    public void run(Op op) {
        Check.given("run", "op", op);
        check();
        device.kernels().run(op);
        if (recorder != null) {
            recorder.recorded(op);
        }
    }

    /** Tells {@code recorder} every operation from now on; null for none. */
    public void record(Recorder recorder) {
        guard.checkThread();
        this.recorder = recorder;
    }

    @Override
    public boolean isRecorded() {
        return recorder != null;
    }

    /** Operations that only training needs. */
    public TrainingOps training() {
        return training;
    }
}
