package glance.pipeline;

import glance.model.LatentCodec;
import glance.model.TokenGrid;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.function.ObjIntConsumer;

/** Decodes the latents every few steps, when asked for. */
final class Previews implements ObjIntConsumer<Tensor> {
    private final Ops ops;
    private final int every;
    private final TokenGrid grid;
    private final RunListener listener;
    private final LatentCodec codec;

    /**
     * @param codec may be null if no previews were asked for
     */
    Previews(
            Ops ops,
            ImageRequest request,
            TokenGrid grid,
            LatentCodec codec,
            RunListener listener) {
        this.ops = ops;
        this.every = request.previewEvery();
        this.grid = grid;
        this.codec = codec;
        this.listener = listener;
    }

    @Override
    public void accept(Tensor latents, int step) {
        if (every > 0 && step % every == 0) {
            try (Scope scope = ops.scope()) {
                listener.preview(step, Pictures.of(ops, codec.decode(ops, latents, grid)));
            }
        }
    }
}
