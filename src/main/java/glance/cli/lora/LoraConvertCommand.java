package glance.cli.lora;

import glance.api.adapter.Convert;
import glance.api.adapter.Output;
import glance.cli.common.ExitCode;
import glance.cli.common.Names;
import glance.cli.common.Session;
import glance.cli.common.Units;
import glance.lora.LoraLayout;
import glance.tensor.DType;
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

    @Parameters(paramLabel = "FILE", description = "The adapter, also ORG/NAME[/FILE].")
    private String file;

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
                    "The model that the adapter is for: a model folder, a transformer's folder, a"
                            + " .safetensors file, or ORG/NAME of the hub. Only its headers are"
                            + " read.")
    private String model;

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
        Output output = newFile.output(dtype);
        Convert request =
                new Convert(
                        Names.adapter(session, file),
                        layout.name(),
                        model == null ? null : Names.model(session, model));
        Convert.Result result =
                LoraFormat.run(
                        session, "converting", "module", tools -> tools.convert(request, output));
        session.note(
                Units.plural(result.modules(), "module")
                        + " written"
                        + (result.rank() > result.before()
                                ? "; several became one, of rank "
                                        + result.rank()
                                        + " for "
                                        + result.before()
                                        + " (lora resize lowers it)"
                                : ""));
        session.out().println(output.path());
        return ExitCode.OK;
    }
}
