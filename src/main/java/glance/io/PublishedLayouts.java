package glance.io;

import glance.tensor.DType;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The configs of published models, without their weights: what a model from loose files needs
 * beside them, and what a benchmark or a forecast of memory needs to run them at full size. The
 * tokenizers are small stand-ins for the latter.
 */
public final class PublishedLayouts {
    private static final String QWEN_IMAGE = "QwenImagePipeline";
    private static final String QWEN_IMAGE_EDIT = "QwenImageEditPlusPipeline";
    private static final String FLUX = "FluxPipeline";
    private static final String FLUX2 = "Flux2KleinPipeline";
    private static final String SD3 = "StableDiffusion3Pipeline";
    private static final String KREA2 = "Krea2Pipeline";
    private static final String Z_IMAGE = "ZImagePipeline";
    private static final String TRANSFORMER = "transformer";

    /** With the classes of their pipelines. */
    private static final Map<String, String> LAYOUTS = new LinkedHashMap<>();

    static {
        LAYOUTS.put("qwen-image", QWEN_IMAGE);
        LAYOUTS.put("qwen-image-edit", "QwenImageEditPipeline");
        LAYOUTS.put("qwen-image-edit-2509", QWEN_IMAGE_EDIT);
        LAYOUTS.put("qwen-image-edit-2511", QWEN_IMAGE_EDIT);
        LAYOUTS.put("flux.1-dev", FLUX);
        LAYOUTS.put("flux.1-schnell", FLUX);
        LAYOUTS.put("flux.1-kontext-dev", "FluxKontextPipeline");
        LAYOUTS.put("flux.2-klein-4b", FLUX2);
        LAYOUTS.put("flux.2-klein-9b", FLUX2);
        LAYOUTS.put("sd3.5-large", SD3);
        LAYOUTS.put("sd3.5-medium", SD3);
        LAYOUTS.put("sd3-medium", SD3);
        LAYOUTS.put("krea-2-raw", KREA2);
        LAYOUTS.put("krea-2-turbo", KREA2);
        LAYOUTS.put("z-image-turbo", Z_IMAGE);
        LAYOUTS.put("z-image", Z_IMAGE);
        LAYOUTS.put("dit-xl-2-256", "DiTPipeline");
    }

    private PublishedLayouts() {}

    /** The models whose layout is in this build. */
    public static List<String> names() {
        return List.copyOf(LAYOUTS.keySet());
    }

    /**
     * The model of a name with {@link Weights#random} in BF16, as most are published.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static ModelFolder random(String name) {
        if (!LAYOUTS.containsKey(name)) {
            throw new IllegalArgumentException(
                    "layout '" + name + "': expected one of " + String.join(", ", names()));
        }
        return layout(name).withRandomWeights(DType.BF16);
    }

    /**
     * What a transformer without a model folder is used with: the built-in model, if the
     * transformer is as large in everything; else the configs alone of the published model that is
     * most like it.
     *
     * @param pipelineClass of its family
     * @param transformer what its names and shapes tell
     * @param name where the user says that the model is
     */
    public static ModelFolder closest(
            String pipelineClass, Map<String, Object> transformer, Path name) {
        ModelFolder builtIn = ModelFolder.open(BuiltInModel.path());
        if (builtIn.pipelineClass().equals(pipelineClass)
                && builtIn.config(TRANSFORMER).agreement(transformer) == transformer.size()) {
            return builtIn.named(name);
        }
        return LAYOUTS.entrySet().stream()
                .filter(layout -> layout.getValue().equals(pipelineClass))
                .map(layout -> layout(layout.getKey()))
                .max(Comparator.comparing(m -> m.config(TRANSFORMER).agreement(transformer)))
                .orElseThrow(() -> new IllegalStateException("no layout of " + pipelineClass))
                .bare(name);
    }

    private static ModelFolder layout(String name) {
        Path folder =
                new ResourceFolder("glance/layouts/" + name + "/", name, "model_index.json")
                        .path(PublishedLayouts.class.getClassLoader(), CacheFolder.preferred());
        return ModelFolder.open(folder);
    }
}
