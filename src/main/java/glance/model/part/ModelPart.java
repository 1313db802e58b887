package glance.model.part;

import glance.io.Weights;
import java.util.List;

/**
 * A part that a model has beside its transformer.
 *
 * @param name its folder
 * @param prefixes what its tensors have before their names in a checkpoint of all parts
 * @param width that the transformer expects, see {@link Recognised#width}; 0 if any may fit
 * @param optional whether the model also draws without it
 */
public record ModelPart(
        String name, PartKind kind, List<String> prefixes, int width, boolean optional) {
    /**
     * A text encoder.
     *
     * @param comfyUi its name in ComfyUI
     */
    public static ModelPart textEncoder(String name, PartKind kind, String comfyUi, int width) {
        String prefix = "text_encoders." + comfyUi + ".transformer.";
        return new ModelPart(name, kind, List.of(prefix), width, false);
    }

    /** An autoencoder. */
    public static ModelPart autoencoder(PartKind kind, int channels) {
        return new ModelPart("vae", kind, Weights.AUTOENCODER_PREFIXES, channels, false);
    }

    /** The same for a model that also draws without it. */
    public ModelPart orNone() {
        return new ModelPart(name, kind, prefixes, width, true);
    }
}
