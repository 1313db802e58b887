package glance.bench;

import ai.djl.pytorch.jni.IValue;
import glance.ops.Ops;
import glance.cases.Cost;
import glance.tensor.Tensor;

/** LayerNorm and modulation: one operation of the engine, three of PyTorch. */
final class NormModulateWorkload extends Workload {
    private static final float EPS = 1e-6f;

    private final Tensor x; // (1, seqLen, dim)
    private final Tensor scale; // (1, dim)
    private final Tensor shift; // (1, dim)
    private final IValue[] arguments;

    NormModulateWorkload(int seqLen, int dim) {
        super(
                "layer norm + modulate [%d, %d]".formatted(seqLen, dim),
                new Cost(0, 4.0 * 2 * seqLen * dim));
        float[] input = values.unit(seqLen * dim);
        float[] scales = values.uniform(dim, 0.5);
        float[] shifts = values.uniform(dim, 0.5);
        x = glance.floats(input, 1, seqLen, dim);
        scale = glance.floats(scales, 1, dim);
        shift = glance.floats(shifts, 1, dim);
        arguments =
                new IValue[] {
                    torch.argument(input, 1, seqLen, dim),
                    torch.argument(scales, 1, dim),
                    torch.argument(shifts, 1, dim)
                };
    }

    @Override
    protected Tensor compute(Ops ops) {
        return ops.layerNormModulate(x, scale, shift, EPS);
    }

    @Override
    protected IValue computePeer() {
        return torch.call("norm_modulate", arguments);
    }
}
