package glance.tools;

import glance.api.FormatException;
import glance.api.RequestException;
import glance.api.adapter.Convert;
import glance.api.adapter.Output;
import glance.api.adapter.Watch;
import glance.lora.KeyMap;
import glance.lora.LoraFile;
import glance.lora.LoraFusion;
import glance.lora.LoraLayout;
import glance.lora.TextEncoderNames;
import glance.lora.Update;
import glance.model.Family;
import glance.tensor.DType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Renames the keys of adapters. */
public final class Converter {
    private final Convert request;
    private final LoraLayout layout;
    private final Watch watch;

    private Converter(Convert request, LoraLayout layout, Watch watch) {
        this.request = request;
        this.layout = layout;
        this.watch = watch;
    }

    /** See {@link glance.LoraTools#convert}. */
    public static Convert.Result convert(Convert request, Output output, Watch watch) {
        Converter converter = new Converter(request, layout(request.to()), watch);
        DType dtype = Written.dtype(output);
        return converter.write(Place.file(output), dtype);
    }

    private static LoraLayout layout(String name) {
        return Arrays.stream(LoraLayout.values())
                .filter(layout -> layout.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(
                        () ->
                                new RequestException(
                                        "to "
                                                + name
                                                + ": expected one of "
                                                + Arrays.stream(LoraLayout.values())
                                                        .map(Converter::name)
                                                        .collect(Collectors.joining(", "))));
    }

    private static String name(LoraLayout layout) {
        return layout.name().toLowerCase(Locale.ROOT);
    }

    private Convert.Result write(Path out, DType dtype) {
        if (request.model() == null) {
            LoraFile adapter = LoraFile.openByName(request.adapter());
            Map<String, Update> updates = written(adapter);
            requireUsableNames(adapter, updates);
            Written.warn(watch, adapter);
            return write(out, adapter, updates, dtype);
        }
        try (Checkpoint checkpoint = Checkpoint.open(request.model())) {
            LoraFile adapter = checkpoint.adapter(request.adapter());
            Written.warn(watch, adapter);
            Map<String, Update> updates = written(adapter);
            boolean same = !layout.hasToolNames() && !hasTextEncoders(updates);
            return write(out, adapter, same ? updates : renamed(checkpoint, updates), dtype);
        }
    }

    private Convert.Result write(
            Path out, LoraFile adapter, Map<String, Update> updates, DType dtype) {
        DType written = Written.dtype(dtype, adapter.pairs().values());
        Written.write(out, adapter.path(), updates, Written.notes(adapter), layout, written);
        return new Convert.Result(
                updates.size(), highestRank(adapter.updates()), highestRank(updates));
    }

    private static int highestRank(Map<String, Update> updates) {
        return updates.values().stream().mapToInt(u -> u.pair().rank()).max().orElse(0);
    }

    private static boolean hasTextEncoders(Map<String, Update> updates) {
        return updates.keySet().stream().anyMatch(m -> TextEncoderNames.prefix(m).isPresent());
    }

    /** What the layout has a place for; says what it has none for. */
    private Map<String, Update> written(LoraFile adapter) {
        requireLowRank(adapter);
        if (layout != LoraLayout.PEFT || !hasTextEncoders(adapter.updates())) {
            return adapter.updates();
        }
        Map<String, Update> updates = new LinkedHashMap<>(adapter.updates());
        updates.keySet().removeIf(module -> TextEncoderNames.prefix(module).isPresent());
        if (updates.isEmpty()) {
            throw new FormatException(
                    request.adapter(),
                    null,
                    "is for text encoders alone, which peft files have no names for",
                    "use another layout");
        }
        int left = adapter.updates().size() - updates.size();
        watch.warning(
                request.adapter()
                        + ": left out: "
                        + left
                        + (left == 1 ? " module" : " modules")
                        + " of text encoders, which peft files have no names for");
        return updates;
    }

    private void requireLowRank(LoraFile adapter) {
        adapter.updates()
                .forEach(
                        (module, update) -> {
                            if (update.pair() == null || update.full() != null) {
                                throw new FormatException(
                                        request.adapter(),
                                        module,
                                        "is " + update.kind() + ", which layouts write differently",
                                        "lora resize --rank 16 makes a LoRA of it and says what is"
                                                + " lost");
                            }
                        });
    }

    /** Without a model, names can change their prefixes, but not for those of other tools. */
    private void requireUsableNames(LoraFile adapter, Map<String, Update> updates) {
        LoraLayout source = adapter.layout().orElse(null);
        if (source != null && source.isFlat() && !layout.isFlat()) {
            throw needsModel("its module names have underscores for dots");
        }
        if (source != layout && hasTextEncoders(updates)) {
            throw needsModel("layouts differ in their names of text encoders");
        }
        if (source == null || source.hasToolNames() != layout.hasToolNames()) {
            throw needsModel("its module names may not be those of " + name(layout) + " files");
        }
    }

    private FormatException needsModel(String problem) {
        return new FormatException(
                request.adapter(), null, problem, "name the model that it is for with --model");
    }

    /** The adapters by the names that files of the layout have for the modules. */
    private Map<String, Update> renamed(Checkpoint checkpoint, Map<String, Update> updates) {
        Family family =
                checkpoint
                        .family()
                        .orElseThrow(
                                () ->
                                        new FormatException(
                                                request.model(),
                                                null,
                                                "no config.json beside it says which family it is of",
                                                "give the model's folder or its transformer's"));
        Map<String, List<KeyMap.Target>> names =
                family.keyMap().names(layout, checkpoint.modules());
        if (names.isEmpty()) {
            throw new FormatException(
                    request.model(),
                    null,
                    "ComfyUI and the kohya tools have no adapters for " + family.name() + " models",
                    "use --to diffusers or peft");
        }
        return Written.named(request.adapter(), () -> LoraFusion.renameAll(updates, names));
    }
}
