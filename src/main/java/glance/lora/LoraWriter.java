package glance.lora;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.io.TensorSource;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Writes adapters so that every reader applies them at the same strength: {@code alpha / rank} is
 * folded into lora_B and the header says alpha = rank. Readers that ignore the header, and those
 * that assume alpha = rank when nothing says otherwise, then agree. The layouts without dots
 * (kohya, OneTrainer) keep alpha, as a tensor beside unchanged matrices: all their readers know it.
 */
public final class LoraWriter {
    /** Header entry that describes the matrices and must not outlive a change of them. */
    private static final String METADATA = "lora_adapter_metadata";

    private static final ObjectMapper JSON = new ObjectMapper();

    private LoraWriter() {}

    /**
     * Writes an adapter in the diffusers layout, as F32; the file is complete or not there.
     *
     * @param pairs the adapters by module name
     * @param notes further header entries
     */
    public static void write(Path file, Map<String, LoraPair> pairs, Map<String, String> notes) {
        write(file, Update.of(pairs), notes, LoraLayout.DIFFUSERS, DType.F32);
    }

    /**
     * As above, with all that belongs to low-rank adapters, in any layout.
     *
     * @param updates by module name, each with a pair and nothing of full rank
     * @param dtype F32, BF16 or F16
     * @throws IllegalArgumentException naming the tensor, if a value is not finite in that dtype
     */
    public static void write(
            Path file,
            Map<String, Update> updates,
            Map<String, String> notes,
            LoraLayout layout,
            DType dtype) {
        if (updates.isEmpty()) {
            throw new IllegalArgumentException(file + ": an adapter must have at least one module");
        }
        Map<String, TensorSource> tensors = new LinkedHashMap<>();
        updates.forEach(
                (module, update) -> {
                    LoraPair pair = update.pair();
                    String alpha = layout.alpha(module);
                    float scale = alpha == null ? pair.scale() : 1;
                    String down = layout.down(module);
                    String up = layout.up(module);
                    tensors.put(down, source(down, pair.a(), 1, dtype));
                    tensors.put(up, source(up, pair.b(), scale, dtype));
                    if (alpha != null) {
                        HostTensor number = HostFloats.tensor(DType.F32, Shape.of(), pair.alpha());
                        tensors.put(alpha, source(alpha, number, 1, DType.F32));
                    }
                    if (update.magnitude() != null) {
                        String key = layout.magnitude(module);
                        tensors.put(key, source(key, magnitude(update, layout), 1, dtype));
                    }
                    if (update.bias() != null) {
                        String key = layout.bias(module);
                        tensors.put(key, source(key, update.bias(), 1, dtype));
                    }
                });
        Map<String, String> metadata = new LinkedHashMap<>(notes);
        metadata.put("format", "pt");
        metadata.remove(METADATA);
        HeaderAlpha.removeFrom(metadata);
        switch (layout) {
            case DIFFUSERS -> metadata.put(METADATA, header(updates));
            case PEFT ->
                    metadata.put(METADATA, config(JSON.createObjectNode(), "", updates).toString());
            default -> {}
        }
        SafetensorsWriter.stream(file, tensors, metadata);
    }

    private static TensorSource source(String key, HostTensor tensor, float scale, DType dtype) {
        return new TensorSource(
                dtype, tensor.shape(), () -> scaled(key, tensor, scale, dtype).data());
    }

    private static HostTensor scaled(String key, HostTensor tensor, float scale, DType dtype) {
        float[] values = HostFloats.read(tensor);
        for (int i = 0; i < values.length; i++) {
            values[i] *= scale;
            if (!Float.isFinite(HostFloats.rounded(dtype, values[i]))) {
                throw new IllegalArgumentException(
                        key + ": is not finite as " + dtype + "; check the values and alpha");
            }
        }
        boolean same = scale == 1 && tensor.dtype() == dtype;
        return same ? tensor : HostFloats.tensor(dtype, tensor.shape(), values);
    }

    private static HostTensor magnitude(Update update, LoraLayout layout) {
        HostTensor m = update.magnitude();
        return layout.isOfPeft()
                ? m
                : new HostTensor(m.dtype(), Shape.of(m.shape().dim(0), 1), m.data());
    }

    /** A PEFT config for each part of the model, its keys after the part's name. */
    private static String header(Map<String, Update> updates) {
        Map<String, Map<String, Update>> parts = new LinkedHashMap<>();
        updates.forEach(
                (module, update) -> {
                    Optional<String> encoder = TextEncoderNames.prefix(module);
                    String name = encoder.isEmpty() ? module : TextEncoderNames.within(module);
                    parts.computeIfAbsent(
                                    encoder.orElse("transformer"), part -> new LinkedHashMap<>())
                            .put(name, update);
                });
        ObjectNode node = JSON.createObjectNode();
        parts.forEach((part, modules) -> config(node, part + ".", modules));
        return node.toString();
    }

    /** The PEFT config: the commonest rank, and patterns for the modules that have another. */
    private static ObjectNode config(ObjectNode node, String prefix, Map<String, Update> updates) {
        Map<Integer, Integer> counts = new TreeMap<>();
        updates.values().forEach(u -> counts.merge(u.pair().rank(), 1, Integer::sum));
        int common = counts.keySet().iterator().next();
        for (int rank : counts.keySet()) {
            common = counts.get(rank) > counts.get(common) ? rank : common;
        }
        node.put(prefix + "r", common);
        node.put(prefix + "lora_alpha", common);
        if (updates.values().stream().anyMatch(update -> update.magnitude() != null)) {
            node.put(prefix + "use_dora", true);
        }
        if (updates.values().stream().anyMatch(update -> update.bias() != null)) {
            node.put(prefix + "lora_bias", true);
        }
        for (Map.Entry<String, Update> entry : updates.entrySet()) {
            int rank = entry.getValue().pair().rank();
            if (rank != common) {
                // Without ^ the key would also be that of modules whose names end like this one.
                String key = "^" + entry.getKey();
                node.withObjectProperty(prefix + "rank_pattern").put(key, rank);
                node.withObjectProperty(prefix + "alpha_pattern").put(key, rank);
            }
            node.withArrayProperty(prefix + "target_modules").add(entry.getKey());
        }
        return node;
    }
}
