package glance.lora;

import glance.api.FormatException;
import glance.lora.KeyMap.Target;
import glance.tensor.Shape;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds what a module name of an adapter file stands for. Dots may have become underscores (kohya),
 * which cannot be undone by looking at the name ({@code to_out_0} is to_out.0, {@code to_q} is
 * to_q), so such names are compared with all known ones in the same spelling.
 */
final class ModuleNames {
    private static final List<String> PREFIXES =
            List.of(
                    "transformer.",
                    "base_model.model.",
                    "model.diffusion_model.",
                    "diffusion_model.",
                    "model.",
                    "module.",
                    "pipe.",
                    "dit.",
                    "mmdit.",
                    "unet.",
                    "denoiser.",
                    "net.");
    private static final List<String> FLAT_PREFIXES =
            List.of("lora_unet_", "lora_transformer_", "lora_dit_", "lycoris_");

    /** What PyTorch puts into the names of modules that it compiles or spreads over GPUs. */
    private static final Pattern WRAPPERS =
            Pattern.compile("(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\\.");

    /** The attention processors of old diffusers had the adapters. */
    private static final Pattern PROCESSOR =
            Pattern.compile(
                    "(.*?\\.)??(?:processor\\.)?"
                            + "(to_q|to_k|to_v|to_out|add_q_proj|add_k_proj|add_v_proj|to_add_out)"
                            + "_lora");

    private static final Pattern FLAT = Pattern.compile("[^.]*(blocks?|layers)_\\d+_[^.]*");

    private final Map<String, List<Target>> byName;
    private final Map<String, TreeSet<String>> byFlatName = new HashMap<>();

    /**
     * @param modules weight shapes [out, in] of the model, by module name
     */
    ModuleNames(KeyMap keyMap, Map<String, Shape> modules) {
        byName = new LinkedHashMap<>(keyMap.names(modules));
        fused(modules).forEach(byName::putIfAbsent);
        // A checkpoint may have its modules under a prefix too.
        List.copyOf(byName.keySet()).forEach(n -> byName.putIfAbsent(bare(n), byName.get(n)));
        for (String name : byName.keySet()) {
            byFlatName.computeIfAbsent(flat(name), key -> new TreeSet<>()).add(name);
        }
    }

    /** What diffusers makes of three projections with fuse_qkv_projections. */
    private static Map<String, List<Target>> fused(Map<String, Shape> modules) {
        FusedNames names = new FusedNames(modules);
        for (String module : modules.keySet()) {
            if (module.endsWith("to_q")) {
                String start = module.substring(0, module.length() - "to_q".length());
                names.add(start + "to_qkv", module, start + "to_k", start + "to_v");
                names.add(
                        start + "to_added_qkv",
                        start + "add_q_proj",
                        start + "add_k_proj",
                        start + "add_v_proj");
            }
        }
        return names.names();
    }

    /** A name in today's spelling, with its prefixes. */
    private static String today(String name) {
        String plain = WRAPPERS.matcher(name).replaceAll("");
        Matcher old = PROCESSOR.matcher(plain);
        if (!old.matches()) {
            return plain;
        }
        String start = old.group(1) == null ? "" : old.group(1);
        return start + (old.group(2).equals("to_out") ? "to_out.0" : old.group(2));
    }

    /** A name without prefixes, with its dots or underscores as they are. */
    static String bare(String name) {
        String bare = today(name);
        String shorter = withoutPrefix(bare, PREFIXES);
        while (!shorter.equals(bare)) {
            bare = shorter;
            shorter = withoutPrefix(bare, PREFIXES);
        }
        return withoutPrefix(bare, FLAT_PREFIXES);
    }

    /** Whether a name has underscores where it had dots; one without dots by itself is not. */
    static boolean isFlat(String name) {
        return FLAT.matcher(name).matches();
    }

    /** Whether a name is that of a text encoder's module. */
    static boolean isTextEncoder(String name) {
        return TextEncoderNames.prefix(bare(name)).isPresent();
    }

    /** What a text encoder's module says of its encoder, such as lora_te1. */
    static String encoder(String name) {
        return TextEncoderNames.prefix(bare(name)).orElseThrow();
    }

    /** Whether the model has the text encoder that a name is of. */
    boolean hasEncoderOf(String name) {
        String prefix = flat(encoder(name)) + "_";
        return byFlatName.keySet().stream().anyMatch(known -> known.startsWith(prefix));
    }

    /**
     * The targets of a name, or null if it is unknown.
     *
     * @throws FormatException if the name could stand for several modules
     */
    List<Target> find(Path file, String name) {
        String bare = today(name);
        while (!byName.containsKey(bare)) {
            String shorter = withoutPrefix(bare, PREFIXES);
            if (shorter.equals(bare)) {
                return findFlat(file, bare);
            }
            bare = shorter;
        }
        return byName.get(bare);
    }

    private List<Target> findFlat(Path file, String name) {
        TreeSet<String> candidates = byFlatName.get(withoutPrefix(name, FLAT_PREFIXES));
        if (candidates == null) {
            return null;
        }
        if (candidates.size() > 1) {
            throw new FormatException(
                    file,
                    name,
                    "could stand for any of " + candidates,
                    "export the adapter with dotted names");
        }
        return byName.get(candidates.first());
    }

    private static String withoutPrefix(String name, List<String> prefixes) {
        for (String prefix : prefixes) {
            if (name.startsWith(prefix)) {
                return name.substring(prefix.length());
            }
        }
        return name;
    }

    private static String flat(String name) {
        return name.replace('.', '_');
    }
}
