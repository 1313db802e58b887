package glance.io;

import glance.tensor.DType;
import java.nio.file.Path;
import java.util.List;

/**
 * The configs of published models, without their weights: what a benchmark or a forecast of memory
 * needs to run them at full size. The tokenizers are small stand-ins.
 */
public final class PublishedLayouts {
    private static final List<String> NAMES =
            List.of(
                    "qwen-image",
                    "flux.1-dev",
                    "flux.1-schnell",
                    "sd3.5-large",
                    "sd3.5-medium",
                    "sd3-medium",
                    "dit-xl-2-256");

    private PublishedLayouts() {}

    /** The models whose layout is in this build. */
    public static List<String> names() {
        return NAMES;
    }

    /**
     * The model of a name with {@link Weights#random} in BF16, as most are published.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static ModelFolder random(String name) {
        if (!NAMES.contains(name)) {
            throw new IllegalArgumentException(
                    "layout '" + name + "': expected one of " + String.join(", ", NAMES));
        }
        Path folder =
                new ResourceFolder("glance/layouts/" + name + "/", name, "model_index.json")
                        .path(PublishedLayouts.class.getClassLoader(), CacheFolder.preferred());
        return ModelFolder.open(folder).withRandomWeights(DType.BF16);
    }
}
