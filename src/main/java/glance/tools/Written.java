package glance.tools;

import glance.api.FormatException;
import glance.api.RequestException;
import glance.api.adapter.Output;
import glance.api.adapter.Watch;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsFile;
import glance.lora.LoraFile;
import glance.lora.LoraLayout;
import glance.lora.LoraPair;
import glance.lora.LoraWriter;
import glance.lora.Update;
import glance.tensor.DType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** What the tools that write have in common. */
final class Written {
    /** Header entries of the kohya tools that describe matrices which are no longer there. */
    private static final Set<String> STALE =
            Set.of("sshs_model_hash", "sshs_legacy_hash", "modelspec.hash_sha256");

    private Written() {}

    /** Says what of an adapter is left aside, and what is not sure about its strength. */
    static void warn(Watch watch, LoraFile file) {
        file.remarks().forEach(remark -> watch.warning(file.path() + ": " + remark));
    }

    /**
     * Writes an adapter.
     *
     * @param source what it is made of
     * @throws FormatException naming the source, if a value is not finite; nothing is written
     */
    static void write(
            Path out,
            Path source,
            Map<String, Update> updates,
            Map<String, String> notes,
            LoraLayout to,
            DType dtype) {
        named(
                source,
                () -> {
                    LoraWriter.write(out, updates, notes, to, dtype);
                    return out;
                });
    }

    /** The header strings that stay true when matrices change. */
    static Map<String, String> notes(LoraFile adapter) {
        try (SafetensorsFile file = SafetensorsFile.open(adapter.path())) {
            Map<String, String> notes = new LinkedHashMap<>(file.metadata());
            notes.keySet().removeAll(STALE);
            return notes;
        }
    }

    /**
     * The dtype that is asked for, or null.
     *
     * @throws RequestException if the dtype is none that weights are written in
     */
    static DType dtype(Output output) {
        if (output.dtype() == null) {
            return null;
        }
        return Arrays.stream(DType.values())
                .filter(HostFloats::supports)
                .filter(dtype -> dtype.name().equalsIgnoreCase(output.dtype()))
                .findFirst()
                .orElseThrow(
                        () ->
                                new RequestException(
                                        "dtype " + output.dtype() + ": expected F32, BF16 or F16"));
    }

    /** The dtype to write: the one asked for, else the widest of the adapter's. */
    static DType dtype(DType wanted, Collection<LoraPair> pairs) {
        if (wanted != null) {
            return wanted;
        }
        DType widest = null;
        for (LoraPair pair : pairs) {
            for (HostTensor tensor : List.of(pair.a(), pair.b())) {
                boolean mixed = widest != null && widest != tensor.dtype();
                widest = mixed ? DType.F32 : tensor.dtype();
            }
        }
        return widest == null ? DType.F32 : widest;
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
     * Does work on the content of a file.
     *
     * @throws FormatException naming the file, if the content is none to work on
     */
    static <R> R named(Path path, Supplier<R> work) {
        try {
            return work.get();
        } catch (IllegalArgumentException e) {
            throw new FormatException(path, null, e.getMessage(), null, e);
        }
    }
}
