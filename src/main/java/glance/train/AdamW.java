package glance.train;

import glance.api.AdamWSettings;
import glance.op.QuantizedBlocks;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * AdamW with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101) and clipping of the
 * global gradient norm, in the arithmetic of torch.optim.AdamW and clip_grad_norm_. A parameter
 * without a gradient is left as it is, weight decay included. Owns its moments.
 */
public final class AdamW implements AutoCloseable {
    /** Added to the norm before dividing by it, as clip_grad_norm_ does. */
    private static final float CLIP_EPS = 1e-6f;

    private final Ops ops;
    private final Map<Tensor, Moments> moments = new LinkedHashMap<>();
    private final AdamWSettings settings;
    private final float maxGradNorm;
    private int step;

    /**
     * @param parameters F32, changed in place by {@link #step}
     * @param maxGradNorm longer gradients are shortened to this
     */
    public AdamW(Ops ops, List<Tensor> parameters, AdamWSettings settings, float maxGradNorm) {
        this.ops = ops;
        this.settings = settings;
        this.maxGradNorm = maxGradNorm;
        parameters.forEach(p -> moments.put(p, Moments.of(ops, p.shape(), settings)));
    }

    /** {@link #step(Function, float, float)} with the gradients as they are. */
    public float step(Function<Tensor, Tensor> gradient, float learningRate) {
        return step(gradient, 1, learningRate);
    }

    /**
     * Changes the parameters by one step.
     *
     * @param gradient of a parameter, F32, or null if it has none
     * @param share factor on all gradients: 1 / n where they are sums over n examples
     * @return the global norm of the gradients before clipping; if it is not finite, nothing was
     *     changed
     */
    public float step(Function<Tensor, Tensor> gradient, float share, float learningRate) {
        try (Scope scope = ops.scope()) {
            Map<Tensor, Tensor> gradients = new LinkedHashMap<>();
            for (Tensor parameter : moments.keySet()) {
                Tensor own = gradient.apply(parameter);
                if (own != null) {
                    gradients.put(parameter, own);
                }
            }
            if (gradients.isEmpty()) {
                throw new IllegalArgumentException("no parameter has a gradient");
            }
            List<Tensor> all = List.copyOf(gradients.values());
            float norm = share * ops.host().floats(ops.training().globalNorm(all)).get(0);
            if (!Float.isFinite(norm)) {
                return norm;
            }
            step++;
            float clip = share * Math.min(1, maxGradNorm / (norm + CLIP_EPS));
            stepFloats(gradients, clip, learningRate);
            stepEightBit(gradients, clip, learningRate);
            return norm;
        }
    }

    private void stepFloats(Map<Tensor, Tensor> gradients, float clip, float learningRate) {
        List<Tensor> parameters = new ArrayList<>();
        List<Tensor> used = new ArrayList<>();
        List<Tensor> first = new ArrayList<>();
        List<Tensor> second = new ArrayList<>();
        gradients.forEach(
                (parameter, gradient) -> {
                    if (moments.get(parameter) instanceof Moments.Floats floats) {
                        parameters.add(parameter);
                        used.add(gradient);
                        first.add(floats.first());
                        second.add(floats.second());
                    }
                });
        if (!parameters.isEmpty()) {
            ops.training()
                    .adamW(parameters, used, first, second, clip, settings, learningRate, step);
        }
    }

    private void stepEightBit(Map<Tensor, Tensor> gradients, float clip, float learningRate) {
        List<Tensor> parameters = new ArrayList<>();
        List<Tensor> used = new ArrayList<>();
        List<QuantizedBlocks> first = new ArrayList<>();
        List<QuantizedBlocks> second = new ArrayList<>();
        gradients.forEach(
                (parameter, gradient) -> {
                    if (moments.get(parameter) instanceof Moments.EightBit blocks) {
                        parameters.add(parameter);
                        used.add(gradient);
                        first.add(blocks.first());
                        second.add(blocks.second());
                    }
                });
        if (!parameters.isEmpty()) {
            ops.training()
                    .adamW8Bit(parameters, used, first, second, clip, settings, learningRate, step);
        }
    }

    /** Steps done so far. */
    public int stepsDone() {
        return step;
    }

    /** The state kept for a parameter, by name. */
    Map<String, Tensor> state(Tensor parameter) {
        return moments.get(parameter).tensors();
    }

    /** Continues as if this many steps had been done. */
    void resumeAt(int stepsDone) {
        step = stepsDone;
    }

    @Override
    public void close() {
        moments.values().forEach(Moments::close);
        moments.clear();
    }
}
