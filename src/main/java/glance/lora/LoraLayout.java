package glance.lora;

/**
 * How the keys of an adapter file are named.
 *
 * <pre>
 * DIFFUSERS  transformer.MODULE.lora_A.weight       transformer.MODULE.lora_B.weight
 * PEFT       base_model.model.MODULE.lora_A.weight  base_model.model.MODULE.lora_B.weight
 * COMFYUI    diffusion_model.MODULE.lora_A.weight   diffusion_model.MODULE.lora_B.weight
 * KOHYA      lora_unet_MODULE.lora_down.weight      lora_unet_MODULE.lora_up.weight
 *            with underscores for dots, and         lora_unet_MODULE.alpha
 * </pre>
 *
 * In all but the last, alpha / rank is folded into lora_B, so that alpha equals rank: diffusers
 * misreads files that have alpha tensors beside lora_A and lora_B.
 */
public enum LoraLayout {
    DIFFUSERS("transformer.", ".lora_A.weight", ".lora_B.weight"),
    PEFT("base_model.model.", ".lora_A.weight", ".lora_B.weight"),
    COMFYUI("diffusion_model.", ".lora_A.weight", ".lora_B.weight"),
    KOHYA("lora_unet_", ".lora_down.weight", ".lora_up.weight");

    private final String prefix;
    private final String down;
    private final String up;

    LoraLayout(String prefix, String down, String up) {
        this.prefix = prefix;
        this.down = down;
        this.up = up;
    }

    /** Key of the down matrix of a module. */
    public String down(String module) {
        return name(module) + down;
    }

    /** Key of the up matrix of a module. */
    public String up(String module) {
        return name(module) + up;
    }

    /** Key of alpha, or null if this layout has none. */
    public String alpha(String module) {
        return this == KOHYA ? name(module) + ".alpha" : null;
    }

    private String name(String module) {
        return prefix + (this == KOHYA ? module.replace('.', '_') : module);
    }
}
