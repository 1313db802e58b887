package glance.cli;

import glance.backend.Device;
import glance.backend.Devices;
import glance.io.Config;
import glance.io.FormatException;
import glance.io.Images;
import glance.io.ModelFolder;
import glance.io.SafetensorsFile;
import glance.io.Weights;
import glance.lora.AdapterPath;
import glance.model.Family;
import glance.pipeline.Families;
import glance.pipeline.FolderNote;
import glance.pipeline.MemoryForecast;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Finds out what a path holds, by reading configs and headers only. */
final class Inspector {
    private static final String INDEX = "model_index.json";
    private static final List<String> CONFIGS =
            List.of(
                    "config.json",
                    "scheduler_config.json",
                    "tokenizer_config.json",
                    "preprocessor_config.json");

    private final DeviceOption device;

    /**
     * @param device what forecasts are for
     */
    Inspector(DeviceOption device) {
        this.device = device;
    }

    /**
     * Inspects a model folder, a component folder, that of an adapter, a safetensors file, or a
     * PNG.
     *
     * @throws FormatException if it is none of these, or damaged
     */
    Inspection inspect(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            if (Files.exists(path.resolve(INDEX))) {
                return model(path);
            }
            return AdapterPath.isFolder(path)
                    ? file(AdapterPath.file(path))
                    : componentFolder(path);
        }
        if (!Files.exists(path)) {
            throw new FormatException(
                    path,
                    null,
                    "no such file or folder",
                    "give a model folder, a component folder or a .safetensors file");
        }
        if (path.toString().toLowerCase(Locale.ROOT).endsWith(".png")) {
            return picture(path);
        }
        return path.toString().endsWith(".json") ? tensors(path) : file(path);
    }

    private static Inspection.Picture picture(Path path) {
        BufferedImage image = Images.read(path);
        return new Inspection.Picture(
                "picture",
                path.toString(),
                image.getWidth(),
                image.getHeight(),
                Images.readPngText(path));
    }

    private Inspection.Model model(Path path) throws IOException {
        ModelFolder folder = ModelFolder.open(path);
        FolderNote note = FolderNote.of(folder);
        List<Inspection.Component> components = new ArrayList<>();
        for (String name : folder.index().keys()) {
            if (folder.has(name)) {
                components.add(component(folder.component(name), indexedClass(folder, name)));
            }
        }
        try (Device opened = Devices.open(device.name(), device.options())) {
            return new Inspection.Model(
                    "model",
                    path.toString(),
                    folder.pipelineClass(),
                    components,
                    defaults(folder, note),
                    opened.info().id(),
                    forecast(opened, folder));
        }
    }

    /** Null for a model that this engine cannot run; looking at one is no error. */
    private static Inspection.Defaults defaults(ModelFolder folder, FolderNote note) {
        try {
            Family family = Families.of(folder);
            Family.Defaults defaults = note.over(family.defaults(folder));
            int side = family.geometry(folder).defaultSize();
            return new Inspection.Defaults(
                    defaults.plan().name(),
                    new PictureSize(side, side).toString(),
                    defaults.guidance(),
                    defaults.embeddedGuidance(),
                    defaults.negative());
        } catch (FormatException e) {
            return null;
        }
    }

    /** Likewise. */
    private static MemoryForecast forecast(Device device, ModelFolder folder) {
        try {
            return MemoryForecast.of(device, folder);
        } catch (FormatException e) {
            return null;
        }
    }

    /** {@code "vae": ["diffusers", "AutoencoderKL"]}: library and class. */
    private static String indexedClass(ModelFolder folder, String name) {
        List<String> entry = folder.index().strings(name);
        return entry.isEmpty() ? "?" : entry.get(entry.size() - 1);
    }

    private static Inspection.Component componentFolder(Path path) throws IOException {
        for (String name : CONFIGS) {
            Path config = path.resolve(name);
            if (Files.exists(config)) {
                return component(path, className(Config.read(config)));
            }
        }
        if (holdsWeights(path)) {
            return component(path, "?");
        }
        throw new FormatException(
                path,
                null,
                "is neither a model nor a component",
                "expected " + INDEX + ", config.json or safetensors files in it");
    }

    private static String className(Config config) {
        if (config.has("_class_name") || config.has("architectures")) {
            return config.className();
        }
        return config.string("tokenizer_class", "?");
    }

    private static Inspection.Component component(Path path, String className) throws IOException {
        WeightsSummary weights = null;
        if (holdsWeights(path)) {
            try (Weights opened = Weights.open(path)) {
                weights = WeightsSummary.of(opened.tensors().values());
            }
        }
        return new Inspection.Component(
                "component", path.toString(), path.getFileName().toString(), className, weights);
    }

    private static boolean holdsWeights(Path folder) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            return children.map(Path::toString)
                    .anyMatch(
                            name ->
                                    name.endsWith(".safetensors")
                                            || name.endsWith(".safetensors.index.json"));
        }
    }

    private static Inspection tensors(Path path) {
        try (Weights weights = Weights.open(path)) {
            return new Inspection.Tensors(
                    "weights",
                    path.toString(),
                    WeightsSummary.of(weights.tensors().values()),
                    weights.metadata());
        }
    }

    private static Inspection file(Path path) {
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            return AdapterInspector.isAdapter(file)
                    ? AdapterInspector.inspect(file)
                    : new Inspection.Tensors(
                            "weights",
                            path.toString(),
                            WeightsSummary.of(file.tensors().values()),
                            file.metadata());
        }
    }
}
