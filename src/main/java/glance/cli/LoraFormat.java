package glance.cli;

import glance.api.FormatException;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsFile;
import glance.lora.LoraFile;
import glance.lora.LoraLayout;
import glance.lora.LoraPair;
import glance.lora.LoraWriter;
import glance.lora.TextEncoderNames;
import glance.tensor.DType;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the commands on adapters have in common. */
final class LoraFormat {
    /** Everything up to the number of the block: {@code transformer.transformer_blocks.0.}. */
    private static final Pattern BLOCK = Pattern.compile(".*?(blocks?|layers)[._]\\d+[._]");

    /** Header entries of the kohya tools that describe matrices which are no longer there. */
    private static final Set<String> STALE =
            Set.of("sshs_model_hash", "sshs_legacy_hash", "modelspec.hash_sha256");

    private LoraFormat() {}

    /**
     * A module's name within its block: {@code attn.to_q}; in a text encoder after the encoder's
     * name: {@code lora_te1 self_attn_q_proj}.
     */
    static String kind(String module) {
        Matcher block = BLOCK.matcher(module);
        if (!block.lookingAt()) {
            return module;
        }
        String encoder = TextEncoderNames.prefix(module).map(name -> name + " ").orElse("");
        return encoder + module.substring(block.end());
    }

    /** Opens an adapter by its own names and says what of it is left aside. */
    static LoraFile open(Session session, Path path) {
        LoraFile file = LoraFile.openByName(path);
        warn(session, file);
        return file;
    }

    /** Says what of an adapter is left aside. */
    static void warnOfUnused(Session session, LoraFile file) {
        file.unused().forEach(line -> session.note("warning: " + file.path() + ": " + line));
    }

    /** Says what of an adapter is left aside, and what is not sure about its strength. */
    static void warn(Session session, LoraFile file) {
        file.remarks().forEach(r -> session.note("warning: " + file.path() + ": " + r));
    }

    /**
     * Writes an adapter made from {@code source}, with its notes.
     *
     * @throws FormatException naming the source, if a value is not finite; nothing is written
     */
    static void write(
            Path out, LoraFile source, Map<String, LoraPair> pairs, LoraLayout to, DType dtype) {
        try {
            LoraWriter.write(out, pairs, notes(source.path()), to, dtype);
        } catch (IllegalArgumentException e) {
            throw named(source.path(), e);
        }
    }

    /** The header strings that stay true when matrices change. */
    private static Map<String, String> notes(Path path) {
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            Map<String, String> notes = new LinkedHashMap<>(file.metadata());
            notes.keySet().removeAll(STALE);
            return notes;
        }
    }

    /** The dtype to write: the one asked for, else the widest of the adapter's. */
    static DType dtype(DType wanted, Map<String, LoraPair> pairs) {
        if (wanted != null) {
            return requireReal(wanted);
        }
        DType widest = null;
        for (LoraPair pair : pairs.values()) {
            for (HostTensor tensor : List.of(pair.a(), pair.b())) {
                boolean mixed = widest != null && widest != tensor.dtype();
                widest = mixed ? DType.F32 : tensor.dtype();
            }
        }
        return widest;
    }

    /** A result in the dtype that it will be written in, so that many take less memory. */
    static LoraPair stored(LoraPair pair, DType dtype) {
        return new LoraPair(stored(pair.a(), dtype), stored(pair.b(), dtype), pair.alpha());
    }

    private static HostTensor stored(HostTensor tensor, DType dtype) {
        return tensor.dtype() == dtype
                ? tensor
                : HostFloats.tensor(dtype, tensor.shape(), HostFloats.read(tensor));
    }

    /**
     * @throws WrongUseException if the dtype is none that weights are written in
     */
    static DType requireReal(DType dtype) {
        if (dtype != null && !HostFloats.supports(dtype)) {
            throw new WrongUseException("--dtype " + dtype + ": expected F32, BF16 or F16");
        }
        return dtype;
    }

    /** The layout of a file; names without prefix are taken for those of ComfyUI's readers. */
    static LoraLayout layout(LoraFile file) {
        return file.layout().orElse(LoraLayout.COMFYUI);
    }

    /** Moves the name of a file to the front of what the library says about its content. */
    static FormatException named(Path path, IllegalArgumentException e) {
        return new FormatException(path, null, e.getMessage(), null, e);
    }

    static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f %%", 100 * share);
    }

    static String number(double value) {
        return String.format(Locale.ROOT, "%.3g", value);
    }
}
