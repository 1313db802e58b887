package glance.cli.lora;

import glance.cli.common.HelpCommand;
import glance.cli.common.Session;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What can be done with adapter files; does something only through its subcommands. */
@Command(
        name = "lora",
        sortOptions = false,
        header = "Works on adapter files: info, resize, extract, merge, convert.",
        description = {
            "",
            "Adapters may be in the diffusers, PEFT, ComfyUI, kohya or OneTrainer layout, for any family that "
                    + "generate runs. Everything happens on the host, in float32 or better; nothing is "
                    + "overwritten unless you say --overwrite.",
            ""
        },
        commandListHeading = "%nCommands:%n",
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Examples:",
            "  glance-engine lora info slow.safetensors fast.safetensors",
            "  glance-engine lora resize slow.safetensors --rank 8 --out slow-8.safetensors",
            "  glance-engine lora extract BASE TUNED --rank 32 --out tuned.safetensors",
            "  glance-engine lora merge MODEL style.safetensors:0.8 --out MODEL-style",
            "  glance-engine lora convert kohya.safetensors --model MODEL --to diffusers \\",
            "      --out style.safetensors"
        })
public final class LoraCommand implements Runnable {
    @Spec private CommandSpec spec;

    private LoraCommand() {}

    public static CommandLine create(Session session) {
        return new CommandLine(new LoraCommand())
                .addSubcommand(new LoraInfoCommand(session))
                .addSubcommand(new LoraResizeCommand(session))
                .addSubcommand(new LoraExtractCommand(session))
                .addSubcommand(new LoraMergeCommand(session))
                .addSubcommand(new LoraConvertCommand(session))
                .addSubcommand(new HelpCommand());
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "missing command: expected one of "
                        + String.join(", ", spec.subcommands().keySet()));
    }
}
