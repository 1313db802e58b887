package glance.ops;

import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The lifetime of intermediate results. Tensors allocated while a scope is the innermost one are
 * freed when it closes, except those kept:
 *
 * <pre>{@code
 * try (Scope scope = ops.scope()) {
 *     Tensor h = ops.linear(x, w, b);    // freed at the end of the block
 *     return scope.keep(ops.mul(h, h));   // handed to the enclosing scope
 * }
 * }</pre>
 */
public final class Scope implements AutoCloseable {
    private final Ops ops;
    private final Scope parent;
    private final List<Storage> owned = new ArrayList<>();
    private boolean closed;

    Scope(Ops ops, Scope parent) {
        this.ops = ops;
        this.parent = parent;
    }

    void own(Storage storage) {
        owned.add(storage);
    }

    private void requireOpen() {
        ops.check();
        if (closed) {
            throw new IllegalStateException(
                    "this scope is closed and its tensors are freed; keep them before it closes");
        }
    }

    /** Hands the memory of {@code tensor} to the enclosing scope, if this scope owns it. */
    public Tensor keep(Tensor tensor) {
        requireOpen();
        if (owned.remove(tensor.storage())) {
            if (parent == null) {
                throw new IllegalStateException(
                        "the outermost scope has no scope to keep a tensor in");
            }
            parent.own(tensor.storage());
        }
        return tensor;
    }

    /** Frees the memory of {@code tensor} now, if this scope owns it. */
    public void free(Tensor tensor) {
        requireOpen();
        if (owned.remove(tensor.storage())) {
            tensor.storage().release();
        }
    }

    Scope parent() {
        return parent;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        ops.leave(this);
        closed = true;
        for (int i = owned.size() - 1; i >= 0; i--) {
            owned.get(i).release();
        }
        owned.clear();
    }
}
