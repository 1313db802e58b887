package glance.cli;

import glance.api.FormatException;
import glance.lora.KeyMap;
import glance.lora.LoraFile;
import glance.lora.LoraFusion;
import glance.lora.LoraLayout;
import glance.lora.LoraPair;
import glance.lora.TextEncoderNames;
import glance.model.Family;
import glance.tensor.DType;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Renames the keys of adapters. */
@Command(
        name = "convert",
        sortOptions = false,
        header = "Writes an adapter in another layout.",
        description = {
            "",
            "Reads all layouts. In diffusers, peft and comfyui files alpha / rank is folded into lora_B, so "
                    + "that every reader applies them at the same strength; kohya and onetrainer files keep "
                    + "alpha. ComfyUI and the kohya tools hold q, k and v of FLUX and SD3 in one module: their "
                    + "adapters become one of all their ranks, or of one rank where they share lora_A.",
            ""
        },
        parameterListHeading = "Arguments:%n",
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Examples:",
            "  glance-engine lora convert slow.safetensors --model MODEL --to kohya \\",
            "      --out kohya.safetensors",
            "  glance-engine lora convert kohya.safetensors --model MODEL --to diffusers \\",
            "      --out style.safetensors",
            "",
            "Between layouts whose names differ, --model says what they stand for: those of diffusers, peft "
                    + "and onetrainer are the model's own, those of comfyui and kohya the tools'."
        })
final class LoraConvertCommand implements Callable<Integer> {
    private final Session session;

    @Parameters(paramLabel = "FILE", description = "The adapter.")
    private Path file;

    @Option(
            names = "--to",
            paramLabel = "LAYOUT",
            required = true,
            description = "diffusers, peft, comfyui, kohya or onetrainer.")
    private LoraLayout layout;

    @Option(
            names = "--model",
            paramLabel = "PATH",
            description =
                    "The model that the adapter is for: a model folder, a transformer's folder or a"
                            + " .safetensors file. Only its headers are read.")
    private Path model;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "F32, BF16 or F16; as in FILE if left out.")
    private DType dtype;

    @Mixin private NewFile newFile;

    LoraConvertCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        LoraFormat.requireReal(dtype);
        Path out = newFile.safetensors();
        if (model == null) {
            LoraFile adapter = LoraFile.openByName(file);
            Map<String, LoraPair> pairs = written(adapter);
            requireUsableNames(adapter, pairs);
            LoraFormat.warn(session, adapter);
            return write(out, adapter, pairs);
        }
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            LoraFile adapter = checkpoint.adapter(file);
            LoraFormat.warn(session, adapter);
            Map<String, LoraPair> pairs = written(adapter);
            boolean same = !layout.hasToolNames() && !hasTextEncoders(pairs);
            return write(out, adapter, same ? pairs : renamed(checkpoint, pairs));
        }
    }

    private static boolean hasTextEncoders(Map<String, LoraPair> pairs) {
        return pairs.keySet().stream().anyMatch(m -> TextEncoderNames.prefix(m).isPresent());
    }

    /** What the layout has a place for; says what it has none for. */
    private Map<String, LoraPair> written(LoraFile adapter) {
        if (layout != LoraLayout.PEFT || !hasTextEncoders(adapter.pairs())) {
            return adapter.pairs();
        }
        Map<String, LoraPair> pairs = new LinkedHashMap<>(adapter.pairs());
        pairs.keySet().removeIf(module -> TextEncoderNames.prefix(module).isPresent());
        if (pairs.isEmpty()) {
            throw new FormatException(
                    file,
                    null,
                    "is for text encoders alone, which peft files have no names for",
                    "use another layout");
        }
        session.note(
                "warning: "
                        + file
                        + ": left out: "
                        + Units.plural(adapter.pairs().size() - pairs.size(), "module")
                        + " of text encoders, which peft files have no names for");
        return pairs;
    }

    private int write(Path out, LoraFile adapter, Map<String, LoraPair> pairs) {
        DType written = LoraFormat.dtype(dtype, adapter.pairs());
        LoraFormat.write(out, adapter, pairs, layout, written);
        int before = highestRank(adapter.pairs());
        int after = highestRank(pairs);
        session.note(
                Units.plural(pairs.size(), "module")
                        + " written"
                        + (after > before
                                ? "; several became one, of rank "
                                        + after
                                        + " for "
                                        + before
                                        + " (lora resize lowers it)"
                                : ""));
        session.out().println(out);
        return ExitCode.OK;
    }

    private static int highestRank(Map<String, LoraPair> pairs) {
        return pairs.values().stream().mapToInt(LoraPair::rank).max().orElse(0);
    }

    /** Without a model, names can change their prefixes, but not for those of other tools. */
    private void requireUsableNames(LoraFile adapter, Map<String, LoraPair> pairs) {
        LoraLayout source = adapter.layout().orElse(null);
        if (source != null && source.isFlat() && !layout.isFlat()) {
            throw needsModel("its module names have underscores for dots");
        }
        if (source != layout && hasTextEncoders(pairs)) {
            throw needsModel("layouts differ in their names of text encoders");
        }
        if (source == null || source.hasToolNames() != layout.hasToolNames()) {
            throw needsModel(
                    "its module names may not be those of "
                            + layout.name().toLowerCase(Locale.ROOT)
                            + " files");
        }
    }

    private FormatException needsModel(String problem) {
        return new FormatException(
                file, null, problem, "name the model that it is for with --model");
    }

    /** The adapters by the names that files of the layout have for the modules. */
    private Map<String, LoraPair> renamed(Checkpoint checkpoint, Map<String, LoraPair> pairs) {
        Family family =
                checkpoint
                        .family()
                        .orElseThrow(
                                () ->
                                        new FormatException(
                                                model,
                                                null,
                                                "no config.json beside it says which family it is of",
                                                "give the model's folder or its transformer's"));
        Map<String, List<KeyMap.Target>> names =
                family.keyMap().names(layout, checkpoint.modules());
        if (names.isEmpty()) {
            throw new FormatException(
                    model,
                    null,
                    "ComfyUI and the kohya tools have no adapters for " + family.name() + " models",
                    "use --to diffusers or peft");
        }
        try {
            return LoraFusion.rename(pairs, names);
        } catch (IllegalArgumentException e) {
            throw LoraFormat.named(file, e);
        }
    }
}
