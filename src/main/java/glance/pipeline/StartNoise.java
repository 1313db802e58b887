package glance.pipeline;

import glance.model.Family;
import glance.model.Latents;
import glance.model.TokenGrid;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.schedule.SeededNoise;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Start noise by seed, the same as diffusers draws on the CPU with {@code
 * torch.Generator("cpu").manual_seed(seed)} for a single picture, so that pictures can be compared
 * across engines.
 */
public final class StartNoise {
    private StartNoise() {}

    /** Packed noise [batch, tokens, channels]; sample b is that of {@code seed + b}. */
    public static Tensor packed(
            Ops ops, long seed, int batch, Family.Geometry geometry, TokenGrid grid) {
        return packed(ops, seed, batch, geometry, grid, 0);
    }

    /**
     * The same, drawn later.
     *
     * @param draws how many as large were drawn before
     */
    static Tensor packed(
            Ops ops, long seed, int batch, Family.Geometry geometry, TokenGrid grid, int draws) {
        int height = grid.height() * geometry.patch();
        int width = grid.width() * geometry.patch();
        Shape one = Shape.of(1, geometry.latentChannels(), height, width);
        try (Scope scope = ops.scope()) {
            List<Tensor> samples = new ArrayList<>();
            for (int b = 0; b < batch; b++) {
                SeededNoise noise = new SeededNoise(seed + b);
                int values = Math.toIntExact(one.numel());
                for (int draw = 0; draw < draws; draw++) {
                    noise.normal(values);
                }
                Tensor pixels = ops.host().floats(one, noise.normal(values));
                samples.add(Latents.pack(ops, pixels, geometry.patch()));
            }
            return scope.keep(ops.concat(0, samples));
        }
    }
}
