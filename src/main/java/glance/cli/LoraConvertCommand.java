package glance.cli;

import glance.io.FormatException;
import glance.lora.LoraFile;
import glance.lora.LoraLayout;
import glance.lora.LoraWriter;
import glance.tensor.DType;
import java.nio.file.Path;
import java.util.Locale;
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
                    + "that every reader applies them at the same strength; kohya files keep alpha.",
            ""
        },
        parameterListHeading = "Arguments:%n",
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Examples:",
            "  glance-engine lora convert slow.safetensors --to kohya --out k.safetensors",
            "  glance-engine lora convert kohya.safetensors --model MODEL --to diffusers \\",
            "      --out style.safetensors",
            "",
            "Kohya names have underscores for dots, which only the names of a model can undo. "
                    + "The kohya and comfyui layouts are written with the names of the diffusers modules, "
                    + "which is right for Qwen-Image; these tools have other names for FLUX and SD3."
        })
final class LoraConvertCommand implements Callable<Integer> {
    private static final String FLUX_BLOCKS = "single_transformer_blocks.";

    private final Session session;

    @Parameters(paramLabel = "FILE", description = "The adapter.")
    private Path file;

    @Option(
            names = "--to",
            paramLabel = "LAYOUT",
            required = true,
            description = "diffusers, peft, kohya or comfyui.")
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
        LoraFile adapter = open();
        if (layout != LoraLayout.KOHYA && adapter.hasFlatNames()) {
            throw new FormatException(
                    file,
                    null,
                    "its module names have underscores for dots",
                    "name the model that it is for with --model");
        }
        requireOwnNames(adapter);
        LoraWriter.write(
                out,
                adapter.pairs(),
                LoraFormat.notes(file),
                layout,
                LoraFormat.dtype(dtype, adapter.pairs()));
        session.note(Units.plural(adapter.pairs().size(), "module") + " written");
        session.out().println(out);
        return ExitCode.OK;
    }

    /** The kohya and ComfyUI files of FLUX name other modules than diffusers has. */
    private void requireOwnNames(LoraFile adapter) {
        boolean own = layout == LoraLayout.DIFFUSERS || layout == LoraLayout.PEFT;
        if (!own && adapter.pairs().keySet().stream().anyMatch(n -> n.startsWith(FLUX_BLOCKS))) {
            throw new FormatException(
                    file,
                    null,
                    "is for FLUX, whose "
                            + layout.name().toLowerCase(Locale.ROOT)
                            + " files hold several of these modules in one",
                    "use --to diffusers, which ComfyUI reads too");
        }
    }

    private LoraFile open() {
        if (model == null) {
            return LoraFormat.open(session, file);
        }
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            LoraFile adapter = checkpoint.adapter(file);
            LoraFormat.warn(session, adapter);
            return adapter;
        }
    }
}
