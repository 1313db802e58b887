package glance.backend;

import glance.op.Op;
import glance.op.TrainingOp;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;

/**
 * The operations that a device can run. Dispatch and the question "can it?" read the same table, so
 * they cannot disagree.
 */
public final class KernelTable {
    private final Map<Class<? extends Op>, Kernel<?>> kernels = new ConcurrentHashMap<>();
    private final Lifetime lifetime;

    /** An empty table that asks nobody whether its device is open. */
    public KernelTable() {
        this(new Lifetime("the device"));
    }

    /**
     * An empty table.
     *
     * @param lifetime of its device; nothing runs once that is over
     */
    public KernelTable(Lifetime lifetime) {
        this.lifetime = lifetime;
    }

    /** Adds the kernel of one kind of operation. */
    public <O extends Op> KernelTable with(Class<O> kind, Kernel<? super O> kernel) {
        kernels.put(kind, kernel);
        return this;
    }

    /** A table with a kernel for every kind of operation there is, none of which does anything. */
    static KernelTable ofNothing() {
        KernelTable table = new KernelTable();
        for (Class<?> kind : Op.class.getPermittedSubclasses()) {
            if (kind == TrainingOp.class) {
                for (Class<?> training : TrainingOp.class.getPermittedSubclasses()) {
                    table.kernels.put(training.asSubclass(Op.class), op -> {});
                }
            } else {
                table.kernels.put(kind.asSubclass(Op.class), op -> {});
            }
        }
        return table;
    }

    /**
     * The same table, refusing the same; its kernels only report the workspace that they would have
     * taken.
     */
    KernelTable dry(LongConsumer workspaceBytes, Lifetime lifetime) {
        KernelTable table = new KernelTable(lifetime);
        kernels.forEach((kind, kernel) -> table.kernels.put(kind, dry(kernel, workspaceBytes)));
        return table;
    }

    private static <O extends Op> Kernel<O> dry(Kernel<O> kernel, LongConsumer workspaceBytes) {
        return new Kernel<>() {
            @Override
            public void run(O op) {
                workspaceBytes.accept(kernel.workspaceBytes(op));
            }

            @Override
            public String refuses(O op) {
                return kernel.refuses(op);
            }

            @Override
            public boolean readsRounded(O op) {
                return kernel.readsRounded(op);
            }
        };
    }

    /** The kinds of operation in the table. */
    public Set<Class<? extends Op>> kinds() {
        return Set.copyOf(kernels.keySet());
    }

    /** Why the operation cannot run here, or null if it can. */
    public <O extends Op> String refuses(O op) {
        Kernel<O> kernel = kernel(op);
        return kernel == null ? "no kernel" : kernel.refuses(op);
    }

    /** The names of the variants of a kind of operation; none if there is one way alone. */
    public List<String> variants(Class<? extends Op> kind) {
        return kernels.get(kind).variants();
    }

    /** The name of the variant that runs the operation; null where there is one way alone. */
    public <O extends Op> String variant(O op) {
        Kernel<O> kernel = kernel(op);
        return kernel == null ? null : kernel.variant(op);
    }

    /** Whether the kernel of the operation reads its x in 8 bits ({@link glance.op.Rounded}). */
    public <O extends Op> boolean readsRounded(O op) {
        Kernel<O> kernel = kernel(op);
        return kernel != null && kernel.readsRounded(op);
    }

    /**
     * Runs the operation.
     *
     * @throws UnsupportedOperationException if this device cannot, with the reason
     * @throws IllegalStateException if the device is closed
     */
    public <O extends Op> void run(O op) {
        lifetime.requireOpen();
        String reason = refuses(op);
        if (reason != null) {
            throw new UnsupportedOperationException(
                    op.getClass().getSimpleName() + " cannot run on this device: " + reason);
        }
        kernel(op).run(op);
    }

    @SuppressWarnings("unchecked") // with() pairs each class with a kernel of that class
    private <O extends Op> Kernel<O> kernel(O op) {
        return (Kernel<O>) kernels.get(op.getClass());
    }
}
