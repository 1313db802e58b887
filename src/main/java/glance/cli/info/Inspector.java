package glance.cli.info;

import glance.api.FormatException;
import glance.api.ModelParts;
import glance.api.Request.Size;
import glance.api.RequestException;
import glance.api.adapter.WeightsSummary;
import glance.backend.Device;
import glance.backend.Devices;
import glance.cli.common.DeviceOption;
import glance.cli.common.PartOptions;
import glance.io.Config;
import glance.io.GgufFile;
import glance.io.Images;
import glance.io.ModelFolder;
import glance.io.SafetensorsFile;
import glance.io.Weights;
import glance.lora.AdapterPath;
import glance.model.Family;
import glance.pipeline.Families;
import glance.pipeline.FolderNote;
import glance.pipeline.MemoryForecast;
import glance.pipeline.ModelFiles;
import glance.tools.AdapterInspector;
import glance.tools.Summaries;
import glance.train.Checkpoint;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/** Finds out what a path holds, by reading configs and headers only. */
final class Inspector {
    private static final String CHECKPOINT = "checkpoint";

    private static final List<String> PICTURES = List.of(".png", ".jpg", ".jpeg", ".webp");
    private static final List<String> CONFIGS =
            List.of(
                    "config.json",
                    "scheduler_config.json",
                    "tokenizer_config.json",
                    "preprocessor_config.json");

    private final DeviceOption device;
    private final PartOptions parts;

    /**
     * @param device what forecasts are for
     * @param parts files in place of parts of a model
     */
    Inspector(DeviceOption device, PartOptions parts) {
        this.device = device;
        this.parts = parts;
    }

    /**
     * Inspects a model folder, a component folder, a folder of adapters or of a training run, a
     * safetensors file, a picture, or a file of text. What is readable and cannot be used is shown
     * with the reason.
     *
     * @throws FormatException if it is none of these, or damaged
     */
    Inspection inspect(Path path) throws IOException {
        if (ModelFolder.isModel(path) || !parts.over(ModelParts.NONE).files().isEmpty()) {
            return model(path);
        }
        if (Files.isDirectory(path)) {
            List<Path> comfy = ModelFiles.inComfyFolder(path);
            if (!comfy.isEmpty()) {
                return comfy(path, comfy);
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
        String name = path.toString().toLowerCase(Locale.ROOT);
        if (PICTURES.stream().anyMatch(name::endsWith)) {
            return picture(path);
        }
        if (path.toString().endsWith(".index.json")) {
            return tensors(path);
        }
        return TextInspector.knows(path) ? TextInspector.inspect(path) : file(path);
    }

    private static Inspection.Picture picture(Path path) {
        BufferedImage image = Images.read(path);
        return new Inspection.Picture(
                "picture",
                path.toString(),
                image.getWidth(),
                image.getHeight(),
                Images.readText(path));
    }

    private Inspection comfy(Path path, List<Path> files) throws IOException {
        try {
            return model(path);
        } catch (RequestException | FormatException e) {
            return new Inspection.Folder(
                    "ComfyUI", path.toString(), e.getMessage(), inWords(path, files));
        }
    }

    private Inspection.Model model(Path path) throws IOException {
        ModelFolder folder = parts.open(path);
        FolderNote note = FolderNote.of(folder);
        List<Inspection.Component> components = new ArrayList<>();
        for (String name : folder.index().keys()) {
            if (folder.has(name)) {
                components.add(
                        component(
                                name,
                                folder.weightsPath(name),
                                () -> folder.weights(name),
                                indexedClass(folder, name)));
            }
        }
        try (Device opened = Devices.open(device.name(), device.options())) {
            Inspection.Defaults defaults = null;
            MemoryForecast forecast = null;
            String problem = null;
            String variant = null;
            try {
                variant = VariantText.of(folder);
                defaults = defaults(folder, note);
                forecast = MemoryForecast.of(opened, folder);
            } catch (FormatException | IllegalArgumentException e) {
                // Looking at a model that this engine cannot run is no error.
                problem = e.getMessage();
            }
            return new Inspection.Model(
                    "model",
                    path.toString(),
                    folder.pipelineClass(),
                    variant,
                    components,
                    problem,
                    defaults,
                    opened.info().id(),
                    forecast);
        }
    }

    private static Inspection.Defaults defaults(ModelFolder folder, FolderNote note) {
        Family family = Families.of(folder);
        Family.Defaults defaults = note.over(family.defaults(folder), folder);
        int side = family.geometry(folder).defaultSize();
        return new Inspection.Defaults(
                defaults.plan().name(),
                new Size(side, side).toString(),
                defaults.guidance(),
                defaults.form().off(),
                defaults.embeddedGuidance(),
                defaults.negative());
    }

    /** {@code "vae": ["diffusers", "AutoencoderKL"]}: library and class. */
    private static String indexedClass(ModelFolder folder, String name) {
        List<String> entry = folder.index().strings(name);
        return entry.isEmpty() ? "?" : entry.get(entry.size() - 1);
    }

    private static Inspection componentFolder(Path path) throws IOException {
        for (String name : CONFIGS) {
            Path config = path.resolve(name);
            if (Files.exists(config)) {
                return component(path, className(Config.read(config)));
            }
        }
        if (Weights.belongIn(path)) {
            Inspection.Component component = component(path, "?");
            return component.weights() == null && !AdapterPath.in(path).isEmpty()
                    ? folder(path)
                    : component;
        }
        throw new FormatException(
                path,
                null,
                "is neither a model nor a component",
                "expected model_index.json, config.json or safetensors files in it");
    }

    /** Files that are no part of a model, each in a few words. */
    private static Inspection.Folder folder(Path path) throws IOException {
        List<Path> files = AdapterPath.in(path);
        boolean training = files.stream().anyMatch(Inspector::isCheckpoint);
        return new Inspection.Folder(
                training ? "training" : "folder", path.toString(), null, inWords(path, files));
    }

    private static boolean isCheckpoint(Path file) {
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            return Checkpoint.isCheckpoint(opened.metadata());
        } catch (FormatException e) {
            return false;
        }
    }

    private static Map<String, String> inWords(Path folder, List<Path> files) {
        Map<String, String> words = new LinkedHashMap<>();
        for (Path file : files) {
            String what;
            try {
                what = InfoText.inWords(file(file));
            } catch (FormatException e) {
                what = e.getMessage();
            }
            words.put(folder.relativize(file).toString(), what);
        }
        return words;
    }

    private static String className(Config config) {
        if (config.has("_class_name") || config.has("architectures")) {
            return config.className();
        }
        return config.string("tokenizer_class", "?");
    }

    private static Inspection.Component component(Path path, String className) {
        String name = path.getFileName().toString();
        return component(name, path, () -> Weights.open(path), className);
    }

    /**
     * @param stored the folder, or the file in place of its weights
     */
    private static Inspection.Component component(
            String name, Path stored, Supplier<Weights> weights, String className) {
        WeightsSummary summary = null;
        String holds = null;
        String problem = null;
        if (Files.isRegularFile(stored) || Weights.belongIn(stored)) {
            try (Weights opened = weights.get()) {
                summary = Summaries.of(opened.tensors().values());
                holds = holds(opened);
                problem = problem(opened.foreign());
            } catch (FormatException e) {
                problem = e.getMessage();
            }
        }
        return new Inspection.Component(
                "component", stored.toString(), name, className, holds, problem, summary);
    }

    private static String holds(Weights weights) {
        List<String> held = Families.holds(weights);
        return held.isEmpty() ? null : String.join("; ", held);
    }

    private static String problem(FormatException foreign) {
        return foreign == null ? null : foreign.getMessage();
    }

    private static Inspection.Tensors tensors(Path path) {
        try (Weights weights = Weights.open(path)) {
            boolean training = Checkpoint.isCheckpoint(weights.metadata());
            String holds = null;
            String problem = training ? null : problem(weights.foreign());
            try {
                holds = holds(weights);
                String variant = VariantText.of(path, weights);
                holds = variant == null ? holds : holds + "; " + variant;
            } catch (FormatException e) {
                problem = e.getMessage(); // pieces that do not fit are shown all the same
            }
            return new Inspection.Tensors(
                    training ? CHECKPOINT : "weights",
                    path.toString(),
                    holds,
                    problem,
                    Summaries.of(weights.tensors().values()),
                    weights.metadata());
        }
    }

    private static Inspection file(Path path) {
        if (GgufFile.isGguf(path)) {
            return tensors(path);
        }
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            return AdapterInspector.isAdapter(file) && !Checkpoint.isCheckpoint(file.metadata())
                    ? Inspection.Adapter.of(path, AdapterInspector.inspect(file))
                    : tensors(path);
        }
    }
}
