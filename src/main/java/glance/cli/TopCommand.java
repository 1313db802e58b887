package glance.cli;

import glance.text.EngineVersion;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command itself, which only does something through its subcommands. */
@Command(
        name = "glance-engine",
        versionProvider = TopCommand.Version.class,
        sortOptions = false,
        usageHelpAutoWidth = true,
        header = "Pictures from text, on the JVM: diffusion transformers in ten phase-aware steps.",
        description = {
            "",
            "Models are folders in the published diffusers layout, or names on the Hugging Face hub"
                    + " (ORG/NAME); a small one is built in.",
            ""
        },
        commandListHeading = "%nCommands:%n",
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Examples:",
            "  glance-engine generate \"a red circle left of a blue heart\"",
            "  glance-engine pull Qwen/Qwen-Image",
            "  glance-engine generate \"a cat\" --model Qwen/Qwen-Image --lora ORG/NAME:0.8",
            "  glance-engine train --image mine.png --caption \"a red circle\" --out mine/",
            "  glance-engine info MODEL               parts, parameters, memory of a run",
            "  glance-engine info ADAPTER.safetensors rank, alpha and targets of a LoRA",
            "  glance-engine convert MODEL_FOLDER model.gguf --type q4_k",
            "  glance-engine lora merge MODEL_FOLDER style.safetensors --out MERGED_FOLDER",
            "",
            "Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted (Ctrl-C).",
            "Results go to stdout; messages and progress to stderr, one line an error."
        })
final class TopCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show this help and exit.")
    private boolean help;

    @Option(names = "--version", versionHelp = true, description = "Show the version and exit.")
    private boolean version;

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Show debug messages, and the stack trace of an error.")
    private boolean verbose;

    @Option(
            names = "--offline",
            scope = ScopeType.INHERIT,
            description = "Use no network: of the hub only what its cache has.")
    private boolean offline;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "missing command: expected one of "
                        + String.join(", ", spec.subcommands().keySet()));
    }

    /** The version from the jar's manifest, and what it runs on. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {
                EngineVersion.software(),
                "Java " + Runtime.version() + ", " + System.getProperty("java.vm.name"),
                System.getProperty("os.name") + " " + System.getProperty("os.arch")
            };
        }
    }
}
