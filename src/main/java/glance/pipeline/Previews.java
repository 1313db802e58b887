package glance.pipeline;

import glance.io.ModelFolder;
import glance.model.Family;
import glance.model.LatentCodec;
import glance.model.TokenGrid;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.function.ObjIntConsumer;

/** Decodes the latents every few steps, when asked for; keeps the autoencoder open meanwhile. */
final class Previews implements ObjIntConsumer<Tensor>, AutoCloseable {
    private final Ops ops;
    private final int every;
    private final TokenGrid grid;
    private final RunListener listener;
    private final LatentCodec codec;

    Previews(
            Ops ops,
            Family family,
            ModelFolder folder,
            ImageRequest request,
            TokenGrid grid,
            RunListener listener) {
        this.ops = ops;
        this.every = request.previewEvery();
        this.grid = grid;
        this.listener = listener;
        this.codec = every > 0 ? family.openCodec(ops, folder) : null;
    }

    @Override
    public void accept(Tensor latents, int step) {
        if (codec != null && step % every == 0) {
            try (Scope scope = ops.scope()) {
                listener.preview(step, Pictures.of(ops, codec.decode(ops, latents, grid)));
            }
        }
    }

    @Override
    public void close() {
        if (codec != null) {
            codec.close();
        }
    }
}
