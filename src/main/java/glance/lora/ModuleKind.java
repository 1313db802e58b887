package glance.lora;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What modules of several blocks have in common. */
public final class ModuleKind {
    /** Everything up to the number of the block: {@code transformer.transformer_blocks.0.}. */
    private static final Pattern BLOCK = Pattern.compile(".*?(blocks?|layers)[._]\\d+[._]");

    private ModuleKind() {}

    /**
     * A module's name within its block: {@code attn.to_q}; in a text encoder after the encoder's
     * name: {@code lora_te1 self_attn_q_proj}.
     */
    public static String of(String module) {
        Matcher block = BLOCK.matcher(module);
        if (!block.lookingAt()) {
            return module;
        }
        String encoder = TextEncoderNames.prefix(module).map(name -> name + " ").orElse("");
        return encoder + module.substring(block.end());
    }
}
