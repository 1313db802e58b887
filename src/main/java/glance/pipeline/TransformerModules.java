package glance.pipeline;

import glance.backend.DryDevice;
import glance.io.ModelFolder;
import glance.model.Denoiser;
import glance.model.Family;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.Map;

/** What of a model's transformer an adapter can be for, found without loading its weights. */
final class TransformerModules {
    private TransformerModules() {}

    /** Weight shapes [out, in] of the linear layers, by name. */
    static Map<String, Shape> of(Family family, ModelFolder folder) {
        Map<String, Shape> modules = new LinkedHashMap<>();
        try (Ops ops = new Ops(DryDevice.ideal(DType.F32));
                Denoiser denoiser = family.openDenoiser(ops, folder)) {
            denoiser.linears().forEach((name, linear) -> modules.put(name, linear.shape()));
        }
        return modules;
    }
}
