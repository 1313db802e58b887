package glance.pipeline;

import glance.backend.DryDevice;
import glance.io.ModelFolder;
import glance.io.Weights;
import glance.model.Denoiser;
import glance.ops.Ops;
import glance.tensor.DType;

/** Random weights of a model's transformer, all of them, without running it. */
public final class RandomTransformer {
    private RandomTransformer() {}

    /**
     * What the transformer of a model reads.
     *
     * @param folder with random weights, which come to be when they are asked for
     */
    public static Weights of(ModelFolder folder) {
        Weights weights = folder.weights("transformer");
        try (Ops ops = new Ops(DryDevice.ideal(DType.F32));
                Denoiser denoiser = Families.of(folder).openDenoiser(ops, folder)) {
            denoiser.parameters().tensors().forEach(weights::find);
        }
        return weights;
    }
}
