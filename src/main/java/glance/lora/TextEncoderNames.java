package glance.lora;

import glance.lora.KeyMap.Target;
import glance.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names that adapter files have for the modules of one text encoder. In the engine they are those
 * of its checkpoint after the name of its folder, as diffusers has them:
 *
 * <pre>
 * diffusers    text_encoder_2.encoder.block.0.layer.0.SelfAttention.q
 * ComfyUI      text_encoders.t5xxl.transformer.encoder.block.0...
 * kohya        lora_te3_encoder_block_0_layer_0_SelfAttention_q
 * OneTrainer   lora_te2_encoder_block_0...
 * PEFT         encoder.block.0...          one file for each encoder
 * </pre>
 *
 * @param folder the encoder's folder in a model
 * @param kohya its number in the kohya tools
 * @param oneTrainer its number in OneTrainer
 * @param comfyUi its name in ComfyUI
 */
public record TextEncoderNames(String folder, int kohya, int oneTrainer, String comfyUi) {
    private static final String FIRST = "text_encoder";

    private static final Pattern PREFIX =
            Pattern.compile(
                    "(text_encoder(?:_\\d)?|lora_text_encoder(?:_\\d)?|lora_te\\d?|te\\d?)[._]"
                            + "|(text_encoders\\.\\w+|clip_[lg]|t5xxl|qwen25_7b|qwen3_[48]b|qwen3vl_4b)(?:\\.transformer)?\\.");

    /** What checkpoints and adapters of one encoder have before the same names, or have not. */
    private static final List<String> WRAPPERS =
            List.of(
                    "model.language_model.",
                    "language_model.model.",
                    "language_model.",
                    "text_model.",
                    "model.",
                    "");

    /** Names of processors in older files of diffusers. */
    private static final Map<String, String> OLDER =
            Map.of("q_proj", "to_q", "k_proj", "to_k", "v_proj", "to_v", "out_proj", "to_out.0");

    /** What a module's name says of the text encoder that it is of, such as lora_te1. */
    public static Optional<String> prefix(String module) {
        Matcher matcher = PREFIX.matcher(module);
        if (!matcher.lookingAt()) {
            return Optional.empty();
        }
        return Optional.of(matcher.group(1) != null ? matcher.group(1) : matcher.group(2));
    }

    /** The module's name within its encoder. */
    static String within(String module) {
        Matcher matcher = PREFIX.matcher(module);
        return matcher.lookingAt() ? module.substring(matcher.end()) : module;
    }

    /** Whether a module of a model, by its name in the engine, is of this encoder. */
    boolean has(String module) {
        return module.startsWith(folder + ".");
    }

    /**
     * The name of a module of this encoder in files of a layout, dotted; empty where a file is for
     * one part of a model.
     *
     * @param module its name in the engine
     */
    Optional<String> name(LoraLayout layout, String module) {
        String inside = module.substring(folder.length() + 1);
        String core = core(inside);
        // checkpoints may lack what the tools' own modules have before the names
        String tools =
                core.startsWith("encoder.layers.")
                        ? "text_model." + core
                        : core.startsWith("layers.") ? "model." + core : inside;
        return switch (layout) {
            case DIFFUSERS ->
                    Optional.of(folder + "." + (core.startsWith("layers.") ? inside : tools));
            case PEFT -> Optional.empty();
            case COMFYUI -> Optional.of("text_encoders." + comfyUi + ".transformer." + tools);
            case KOHYA -> Optional.of("lora_te" + kohya + "." + tools);
            case ONETRAINER -> Optional.of("lora_te" + oneTrainer + "." + tools);
        };
    }

    /**
     * All names, dotted, with the module that each stands for.
     *
     * @param modules those of a model; the others are left out
     */
    Map<String, List<Target>> all(Map<String, Shape> modules) {
        Map<String, List<Target>> names = new LinkedHashMap<>();
        List<String> prefixes = prefixes();
        modules.forEach(
                (module, shape) -> {
                    if (has(module)) {
                        List<Target> target = List.of(KeyMap.whole(module, shape));
                        for (String name : spellings(module.substring(folder.length() + 1))) {
                            prefixes.forEach(prefix -> names.putIfAbsent(prefix + name, target));
                        }
                    }
                });
        return names;
    }

    private List<String> prefixes() {
        List<String> prefixes = new ArrayList<>(List.of("", folder + ".", "lora_" + folder + "."));
        for (int number : List.of(kohya, oneTrainer)) {
            prefixes.add("lora_te" + number + ".");
            prefixes.add("te" + number + ".");
        }
        if (folder.equals(FIRST)) {
            prefixes.addAll(List.of("text_encoder_1.", "lora_te.", "te."));
        }
        for (String root : List.of("text_encoders.", "")) {
            prefixes.add(root + comfyUi + ".transformer.");
            prefixes.add(root + comfyUi + ".");
        }
        return prefixes;
    }

    /** A module's name without wrappers. */
    private static String core(String module) {
        String wrapper = WRAPPERS.stream().filter(module::startsWith).findFirst().orElseThrow();
        return module.substring(wrapper.length());
    }

    private static List<String> spellings(String module) {
        String core = core(module);
        List<String> ends = new ArrayList<>(List.of(core));
        String last = core.substring(core.lastIndexOf('.') + 1);
        if (OLDER.containsKey(last)) {
            ends.add(core.substring(0, core.length() - last.length()) + OLDER.get(last));
        }
        List<String> spellings = new ArrayList<>();
        for (String wrapper : WRAPPERS) {
            ends.forEach(end -> spellings.add(wrapper + end));
        }
        return spellings;
    }
}
