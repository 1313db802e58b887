package glance.lora;

import java.util.Arrays;
import java.util.Optional;

/**
 * How the keys of an adapter file are named.
 *
 * <pre>
 * DIFFUSERS   transformer.MODULE.lora_A.weight         transformer.MODULE.lora_B.weight
 * PEFT        base_model.model.MODULE.lora_A.weight    base_model.model.MODULE.lora_B.weight
 * COMFYUI     diffusion_model.MODULE.lora_A.weight     diffusion_model.MODULE.lora_B.weight
 * KOHYA       lora_unet_MODULE.lora_down.weight        lora_unet_MODULE.lora_up.weight
 *             with underscores for dots, and           lora_unet_MODULE.alpha
 * ONETRAINER  lora_transformer_MODULE... likewise
 * </pre>
 *
 * Modules of text encoders have prefixes of their own: see {@link TextEncoderNames}. ComfyUI and
 * the kohya tools call the modules of some families by names of their own: see {@link
 * KeyMap#toolNames}. In the layouts with dots alpha / rank is folded into lora_B, so that alpha
 * equals rank: diffusers misreads files that have alpha tensors beside lora_A and lora_B.
 */
public enum LoraLayout {
    DIFFUSERS("transformer.", false),
    PEFT("base_model.model.", false),
    COMFYUI("diffusion_model.", true),
    KOHYA("lora_unet_", true),
    ONETRAINER("lora_transformer_", false);

    private final String prefix;
    private final boolean toolNames;

    LoraLayout(String prefix, boolean toolNames) {
        this.prefix = prefix;
        this.toolNames = toolNames;
    }

    /** The layout that a module's name in a file, with its prefix, shows; empty without prefix. */
    static Optional<LoraLayout> of(String name) {
        if (name.startsWith("text_encoders.")) {
            return Optional.of(COMFYUI);
        }
        if (name.startsWith("text_encoder")) {
            return Optional.of(DIFFUSERS);
        }
        String shown = name.startsWith("model.") ? name.substring("model.".length()) : name;
        return Arrays.stream(values()).filter(l -> shown.startsWith(l.prefix)).findFirst();
    }

    /** Whether modules have the names of {@link KeyMap#toolNames}, not the model's own. */
    public boolean hasToolNames() {
        return toolNames;
    }

    /** Whether names have underscores for dots, and alpha stands beside the matrices. */
    public boolean isFlat() {
        return prefix.endsWith("_");
    }

    /** Key of the down matrix of a module. */
    public String down(String module) {
        return name(module) + (isFlat() ? ".lora_down.weight" : ".lora_A.weight");
    }

    /** Key of the up matrix of a module. */
    public String up(String module) {
        return name(module) + (isFlat() ? ".lora_up.weight" : ".lora_B.weight");
    }

    /** Key of the lengths of a DoRA's rows. */
    public String magnitude(String module) {
        return name(module) + (isOfPeft() ? ".lora_magnitude_vector" : ".dora_scale");
    }

    /** Key of what is added to the bias. */
    public String bias(String module) {
        return name(module) + (isOfPeft() ? ".lora_B.bias" : ".diff_b");
    }

    /** Whether PEFT's names are used for everything. */
    boolean isOfPeft() {
        return this == DIFFUSERS || this == PEFT;
    }

    /** Key of alpha, or null if this layout has none. */
    public String alpha(String module) {
        return isFlat() ? name(module) + ".alpha" : null;
    }

    /** Names of a text encoder's modules say so by themselves. */
    private String name(String module) {
        String name = ModuleNames.isTextEncoder(module) ? module : prefix + module;
        return isFlat() ? name.replace('.', '_') : name;
    }
}
