package glance.pipeline;

import glance.model.TokenGrid;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.function.ObjIntConsumer;

/** Decodes the latents after the steps for which the listener asks. */
final class Previews implements ObjIntConsumer<Tensor> {
    private final Ops ops;
    private final TokenGrid grid;
    private final RunListener listener;
    private final Parts parts;

    Previews(Ops ops, TokenGrid grid, Parts parts, RunListener listener) {
        this.ops = ops;
        this.grid = grid;
        this.parts = parts;
        this.listener = listener;
    }

    @Override
    public void accept(Tensor latents, int step) {
        if (listener.wantsPreview()) {
            try (Scope scope = ops.scope()) {
                listener.preview(step, Pictures.of(ops, parts.codec().decode(ops, latents, grid)));
            }
        }
    }
}
