package glance.pipeline;

import glance.backend.DryDevice;
import glance.io.ModelFolder;
import glance.model.Denoiser;
import glance.model.Family;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.util.Map;

/** What of a model's transformer an adapter can be for, found without loading its weights. */
final class TransformerModules {
    private TransformerModules() {}

    /** Shapes of the weights, by the names of their layers. */
    static Map<String, Shape> of(Family family, ModelFolder folder) {
        try (Ops ops = new Ops(DryDevice.ideal(DType.F32));
                Denoiser denoiser = family.openDenoiser(ops, folder)) {
            return denoiser.parameters().modules();
        }
    }
}
