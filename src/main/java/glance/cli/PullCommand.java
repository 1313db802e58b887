package glance.cli;

import glance.cli.common.ExitCode;
import glance.cli.common.Names;
import glance.cli.common.Session;
import glance.io.ModelFolder;
import glance.pipeline.Families;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Fetches models and adapters. */
@Command(
        name = "pull",
        sortOptions = false,
        header = "Fetches a model or an adapter from the Hugging Face hub.",
        description = {
            "",
            "Only the files that the engine reads: configs, tokenizers, safetensors weights in one"
                    + " precision. They go into the cache that the hub's own tools use, checked by size"
                    + " and hash; what is there already is not fetched again. Run it again after Ctrl-C,"
                    + " a kill or a lost connection, and it goes on from there. Prints the folder of the"
                    + " model, or the file of the adapter.",
            "",
            "--model ORG/NAME and --lora ORG/NAME of the other commands do the same for what is not"
                    + " in the cache, and then need no network; pull asks the hub for the newest. info"
                    + " ORG/NAME shows what would be fetched.",
            ""
        },
        parameterListHeading = "Arguments:%n",
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Environment, as of the hub's own tools:",
            "  HF_TOKEN        your token, for models with terms to accept; also read from",
            "                  where hf auth login keeps it",
            "  HF_HUB_CACHE    where the files go; by default ~/.cache/huggingface/hub",
            "  HF_ENDPOINT     another hub, such as a mirror",
            "  HF_HUB_OFFLINE  1 for no network, as --offline",
            "  HTTPS_PROXY, NO_PROXY; or java -Dhttps.proxyHost=... -Dhttps.proxyPort=...",
            "",
            "Examples:",
            "  glance-engine pull Qwen/Qwen-Image",
            "  glance-engine pull ORG/NAME@v1.0                  a branch, tag or commit",
            "  glance-engine pull ORG/NAME/style.safetensors     one of several adapters"
        })
final class PullCommand implements Callable<Integer> {
    private final Session session;

    @Parameters(
            paramLabel = "ORG/NAME",
            arity = "1..*",
            description =
                    "What to fetch: ORG/NAME[@REVISION], or ORG/NAME/FILE for one adapter of several.")
    private List<String> names;

    PullCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        for (String name : names) {
            Path path = Names.pull(session, name);
            session.out().println(path);
            session.note("draw with it: glance-engine generate " + arguments(name, path));
        }
        return ExitCode.OK;
    }

    private static String arguments(String name, Path path) {
        if (!Files.isDirectory(path)) {
            return "\"a cat\" --model MODEL --lora " + name;
        }
        String typical = Families.of(ModelFolder.open(path)).typicalPrompt();
        // A model of classes takes one word.
        return '"' + (typical.contains(" ") ? "a cat" : typical) + "\" --model " + name;
    }
}
