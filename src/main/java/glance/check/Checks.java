package glance.check;

import static java.util.Map.entry;

import com.fasterxml.jackson.databind.JsonNode;
import glance.api.FormatException;
import glance.ops.Ops;
import glance.ops.Scope;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Runs case folders. */
public final class Checks {
    private static final String SCHEDULE = "FlowMatchEulerDiscreteScheduler";
    private static final String NOISE = "SeededNoise";

    private static final Map<String, ComponentCheck> COMPONENTS =
            new TreeMap<>(
                    Map.ofEntries(
                            entry("QwenImageTransformer2DModel", QwenImageTransformerCheck::run),
                            entry("FluxTransformer2DModel", FluxTransformerCheck::run),
                            entry("Flux2Transformer2DModel", Flux2TransformerCheck::run),
                            entry("SD3Transformer2DModel", Sd3TransformerCheck::run),
                            entry("DiTTransformer2DModel", DitTransformerCheck::run),
                            entry("Krea2Transformer2DModel", Krea2TransformerCheck::run),
                            entry("ZImageTransformer2DModel", ZImageTransformerCheck::run),
                            entry("AutoencoderKL", AutoencoderKlCheck::run),
                            entry("AutoencoderKLFlux2", AutoencoderKlCheck::run),
                            entry("AutoencoderKLQwenImage", QwenImageAutoencoderCheck::run),
                            entry("Qwen2_5_VLForConditionalGeneration", QwenTextCheck::run),
                            entry("Qwen3ForCausalLM", QwenTextCheck::run),
                            entry("CLIPTextModel", ClipTextCheck::run),
                            entry("CLIPTextModelWithProjection", ClipTextCheck::run),
                            entry("T5EncoderModel", T5Check::run),
                            entry("Qwen2Tokenizer", TokenizerCheck::run),
                            entry("CLIPTokenizer", TokenizerCheck::runPadded),
                            entry("CLIPTokenizerFast", TokenizerCheck::runPadded),
                            entry("T5Tokenizer", TokenizerCheck::runPadded),
                            entry("T5TokenizerFast", TokenizerCheck::runPadded),
                            entry("QwenImagePipeline", PipelineCheck::run),
                            entry("QwenImageEditPipeline", PipelineCheck::run),
                            entry("QwenImageEditPlusPipeline", PipelineCheck::run),
                            entry("ZImagePipeline", PipelineCheck::run),
                            entry("FluxKontextPipeline", GivenTextsCheck::kontext),
                            entry("FluxPipeline", GivenTextsCheck::flux),
                            entry("FluxImg2ImgPipeline", GivenTextsCheck::flux),
                            entry("FluxInpaintPipeline", GivenTextsCheck::flux),
                            entry("QwenImageImg2ImgPipeline", PipelineCheck::run),
                            entry("QwenImageInpaintPipeline", PipelineCheck::run),
                            entry("ZImageImg2ImgPipeline", PipelineCheck::run),
                            entry("ZImageInpaintPipeline", PipelineCheck::run),
                            entry("Krea2Pipeline", PipelineCheck::run),
                            entry("Flux2KleinPipeline", PipelineCheck::run),
                            entry("GGUF", (folder, ops) -> GgufCheck.run(folder)),
                            entry(SCHEDULE, ScheduleCheck::run),
                            entry(NOISE, NoiseCheck::run)));

    private Checks() {}

    /**
     * Runs one case folder.
     *
     * @throws FormatException if it is not one, or its component is not known to this engine
     */
    public static CheckReport run(Path path, Ops ops) {
        try (CaseFolder folder = new CaseFolder(path);
                Scope scope = ops.scope()) {
            String component = component(folder);
            ComponentCheck check = COMPONENTS.get(component);
            if (check == null) {
                throw new FormatException(
                        path.resolve("case.json"),
                        "component",
                        "this engine has no " + component,
                        "known: " + String.join(", ", COMPONENTS.keySet()));
            }
            check.run(folder, ops);
            CheckReport report = folder.report(component);
            if (report.rows().isEmpty()) {
                throw new FormatException(path, null, "the case holds nothing to compare", null);
            }
            return report;
        }
    }

    /** The component by its name, or for cases without one by the form of what they record. */
    private static String component(CaseFolder folder) {
        JsonNode json = folder.json();
        if (json.hasNonNull("component")) {
            return json.get("component").asText();
        }
        JsonNode first = json.path("cases").path(0);
        if (first.has("sigmas")) {
            return SCHEDULE;
        }
        if (first.isArray()) {
            return NOISE;
        }
        throw new FormatException(folder.path().resolve("case.json"), "component", "missing", null);
    }
}
