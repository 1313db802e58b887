package glance.backend.cuda;

import glance.backend.Kernel;
import glance.op.Op;
import java.util.List;

/**
 * The ways to compute an operation, and the one place that chooses: the first that does not refuse.
 * The last takes whatever the device can compute at all.
 */
final class Variants<O extends Op> implements Kernel<O> {
    private final List<Variant<O>> inOrder;

    Variants(List<Variant<O>> inOrder) {
        this.inOrder = List.copyOf(inOrder);
    }

    /** The one that takes these arguments, or null. */
    Variant<O> of(O op) {
        for (Variant<O> variant : inOrder) {
            if (variant.refuses(op) == null) {
                return variant;
            }
        }
        return null;
    }

    @Override
    public String refuses(O op) {
        return of(op) == null ? inOrder.get(inOrder.size() - 1).refuses(op) : null;
    }

    @Override
    public List<String> variants() {
        return inOrder.stream().map(Variant::name).toList();
    }

    @Override
    public String variant(O op) {
        Variant<O> variant = of(op);
        return variant == null ? null : variant.name();
    }

    @Override
    public long workspaceBytes(O op) {
        return of(op).workspaceBytes(op);
    }

    @Override
    public void run(O op) {
        if (op.out().numel() > 0) {
            of(op).run(op);
        }
    }
}
