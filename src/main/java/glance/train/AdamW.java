package glance.train;

import glance.backend.AdamWSettings;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
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
    private final List<Tensor> parameters;
    private final List<Tensor> firstMoments = new ArrayList<>();
    private final List<Tensor> secondMoments = new ArrayList<>();
    private final AdamWSettings settings;
    private final float maxGradNorm;
    private int step;

    /**
     * @param parameters F32, changed in place by {@link #step}
     * @param maxGradNorm longer gradients are shortened to this
     */
    public AdamW(Ops ops, List<Tensor> parameters, AdamWSettings settings, float maxGradNorm) {
        this.ops = ops;
        this.parameters = List.copyOf(parameters);
        this.settings = settings;
        this.maxGradNorm = maxGradNorm;
        for (Tensor parameter : parameters) {
            firstMoments.add(zeros(parameter));
            secondMoments.add(zeros(parameter));
        }
    }

    private Tensor zeros(Tensor like) {
        Tensor tensor = ops.training().zeros(DType.F32, like.shape());
        tensor.storage().retain();
        ops.free(tensor);
        return tensor;
    }

    /**
     * Changes the parameters by one step.
     *
     * @param gradient of a parameter, or null if it has none
     * @return the global norm of the gradients before clipping; if it is not finite, nothing was
     *     changed
     */
    public float step(Function<Tensor, Tensor> gradient, float learningRate) {
        List<Tensor> used = new ArrayList<>();
        List<Tensor> gradients = new ArrayList<>();
        List<Tensor> first = new ArrayList<>();
        List<Tensor> second = new ArrayList<>();
        for (int i = 0; i < parameters.size(); i++) {
            Tensor own = gradient.apply(parameters.get(i));
            if (own != null) {
                used.add(parameters.get(i));
                gradients.add(own);
                first.add(firstMoments.get(i));
                second.add(secondMoments.get(i));
            }
        }
        if (used.isEmpty()) {
            throw new IllegalArgumentException("no parameter has a gradient");
        }
        try (Scope scope = ops.scope()) {
            float norm = ops.host().floats(ops.training().globalNorm(gradients)).get(0);
            if (!Float.isFinite(norm)) {
                return norm;
            }
            float clip = Math.min(1, maxGradNorm / (norm + CLIP_EPS));
            step++;
            ops.training()
                    .adamW(used, gradients, first, second, clip, settings, learningRate, step);
            return norm;
        }
    }

    /** Steps done so far. */
    public int stepsDone() {
        return step;
    }

    /** Moments of all parameters: the first ones, then the second. */
    List<Tensor> moments() {
        List<Tensor> all = new ArrayList<>(firstMoments);
        all.addAll(secondMoments);
        return all;
    }

    /** Continues as if this many steps had been done. */
    void resumeAt(int stepsDone) {
        step = stepsDone;
    }

    @Override
    public void close() {
        firstMoments.forEach(tensor -> tensor.storage().release());
        secondMoments.forEach(tensor -> tensor.storage().release());
        firstMoments.clear();
        secondMoments.clear();
    }
}
