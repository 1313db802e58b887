package glance.tools;

import glance.api.FormatException;
import glance.api.Lora;
import glance.api.adapter.Merge;
import glance.api.adapter.Output;
import glance.api.adapter.Watch;
import glance.io.GgufFile;
import glance.io.TensorFile;
import glance.io.Weights;
import glance.lora.LoraFile;
import glance.lora.LoraMerge;
import glance.lora.Update;
import glance.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes models with adapters added to their weights. */
public final class Merger {
    private Merger() {}

    /** See {@link glance.LoraTools#merge}. */
    public static List<Merge.Module> merge(Merge request, Output output, Watch watch) {
        DType dtype = Written.dtype(output);
        try (Checkpoint checkpoint = Checkpoint.open(request.model())) {
            requireSafetensors(checkpoint.weights());
            requireWhole(checkpoint, request.model());
            Path out =
                    checkpoint.isFolder()
                            ? Place.folder(output, checkpoint.path())
                            : Place.file(output);
            Map<String, List<LoraMerge.Part>> added = added(checkpoint, request, watch);
            List<Checkpoint.Part> changed = changed(checkpoint, added.keySet());
            for (Checkpoint.Part part : changed) {
                requireSafetensors(part.weights());
                Checkpoint.requirePlain(part.weights());
            }
            return new MergedCheckpoint(checkpoint, changed, added, dtype, watch).write(out);
        }
    }

    private static void requireSafetensors(Weights weights) {
        for (TensorFile file : weights.files()) {
            if (file instanceof GgufFile) {
                throw new FormatException(
                        file.path(),
                        null,
                        "is GGUF, which is not merged into",
                        "convert it to safetensors first: glance-engine convert");
            }
        }
    }

    /** An index can be read like a file, but its shards need a folder to be written to. */
    private static void requireWhole(Checkpoint checkpoint, Path model) {
        if (!checkpoint.isFolder() && !model.toString().endsWith(".safetensors")) {
            throw new FormatException(model, null, "is an index of shards", "give its folder");
        }
    }

    /** The transformer, and the text encoders that have modules among these. */
    private static List<Checkpoint.Part> changed(Checkpoint checkpoint, Set<String> modules) {
        return checkpoint.parts().stream()
                .filter(
                        part ->
                                part.prefix().isEmpty()
                                        || modules.stream()
                                                .anyMatch(m -> m.startsWith(part.prefix())))
                .toList();
    }

    /** What is added to each module. */
    private static Map<String, List<LoraMerge.Part>> added(
            Checkpoint checkpoint, Merge request, Watch watch) {
        Map<String, List<LoraMerge.Part>> parts = new LinkedHashMap<>();
        for (Lora lora : request.loras()) {
            LoraFile adapter = checkpoint.adapter(lora.path());
            if (!adapter.unused().isEmpty() && !request.allowPartial()) {
                throw new FormatException(
                        adapter.path(),
                        null,
                        String.join("; ", adapter.unused()),
                        (checkpoint.isModel()
                                        ? ""
                                        : "give the whole model's folder for text encoders; ")
                                + "--allow-partial merges the rest");
            }
            Written.warn(watch, adapter);
            for (Map.Entry<String, Update> entry : adapter.updates().entrySet()) {
                parts.computeIfAbsent(entry.getKey(), unused -> new ArrayList<>())
                        .add(new LoraMerge.Part(entry.getValue(), lora.strength().first()));
            }
        }
        return parts;
    }
}
