package glance.pipeline;

import glance.model.Family;
import glance.model.Posterior;
import glance.model.TokenGrid;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A picture to start from that went through the autoencoder. Owns its latents. */
final class EncodedStart implements AutoCloseable {
    static final String STAGE = "picture to start from";

    private final StartCanvas canvas;
    private final Posterior posterior;
    private final float[] painted; // null for all

    private EncodedStart(StartCanvas canvas, Posterior posterior) {
        this.canvas = canvas;
        this.posterior = posterior;
        this.painted = canvas.keeps() ? canvas.latents() : null;
    }

    /** Encodes a picture. */
    static EncodedStart of(Ops ops, Parts parts, StartCanvas canvas, RunListener listener) {
        listener.stage(STAGE);
        try (Scope scope = ops.scope()) {
            Posterior posterior =
                    parts.codec().posterior(ops, Pictures.tensor(ops, canvas.picture()));
            EncodedStart start = new EncodedStart(canvas, posterior);
            start.tensors().forEach(tensor -> tensor.storage().retain());
            return start;
        } finally {
            parts.leaveCodec();
        }
    }

    private List<Tensor> tensors() {
        return posterior.isSampled()
                ? List.of(posterior.mean(), posterior.deviation())
                : List.of(posterior.mean());
    }

    /**
     * Start latents in the innermost scope. Sample b is that of {@code seed + b}: where the
     * posterior is sampled, its noise is drawn before that of the latents, as in diffusers.
     */
    StartLatents latents(Ops ops, long seed, int batch, Family.Geometry geometry, TokenGrid grid) {
        int draws = posterior.isSampled() ? 1 : 0;
        Tensor noise = StartNoise.packed(ops, seed, batch, geometry, grid, draws);
        List<Tensor> pictures = new ArrayList<>();
        for (int b = 0; b < batch; b++) {
            pictures.add(
                    posterior.isSampled()
                            ? posterior.sample(
                                    ops, StartNoise.packed(ops, seed + b, 1, geometry, grid))
                            : posterior.mean());
        }
        return new StartLatents(noise, ops.concat(0, pictures), painted(ops, noise.shape()));
    }

    private Tensor painted(Ops ops, Shape shape) {
        if (painted == null) {
            return null;
        }
        Tensor one = ops.host().floats(shape.with(0, 1), painted);
        return ops.concat(0, Collections.nCopies(shape.dim(0), one));
    }

    /** What is drawn on. */
    StartCanvas canvas() {
        return canvas;
    }

    @Override
    public void close() {
        tensors().forEach(tensor -> tensor.storage().release());
    }
}
