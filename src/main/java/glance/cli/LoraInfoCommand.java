package glance.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import glance.api.FormatException;
import glance.io.SafetensorsFile;
import glance.lora.AdapterPath;
import glance.lora.LoraFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what adapters hold, and how much they change. */
@Command(
        name = "info",
        sortOptions = false,
        header =
                "Shows targets, ranks, alphas, header notes of adapters, and how much they change.",
        description = {
            "",
            "Beside what 'glance-engine info' shows: the Frobenius norm of each update, alpha / rank B A, "
                    + "and the rank that would keep 95 %% of its square. Files of kinds that cannot be used "
                    + "are shown with the reason and their tensors.",
            ""
        },
        parameterListHeading = "Arguments:%n",
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Examples:",
            "  glance-engine lora info slow.safetensors fast.safetensors",
            "  glance-engine lora info slow.safetensors --modules"
        })
final class LoraInfoCommand implements Callable<Integer> {
    private final Session session;

    @Parameters(
            paramLabel = "FILE",
            arity = "1..*",
            description = "Adapter files, or folders of one.")
    private List<Path> files;

    @Option(names = "--modules", description = "One line for each module, not for each kind.")
    private boolean modules;

    @Option(names = "--all", description = "Show long lists and notes whole.")
    private boolean all;

    @Option(names = "--json", description = "Print JSON, for programs.")
    private boolean json;

    LoraInfoCommand(Session session) {
        this.session = session;
    }

    /** An adapter with its norms; the component names are the keys of --json. */
    record Described(Inspection.Adapter adapter, List<UpdateNorms.Module> updates) {}

    @Override
    public Integer call() throws JsonProcessingException {
        List<Described> described = new ArrayList<>();
        for (Path path : files) {
            Described one = describe(AdapterPath.file(path));
            described.add(one);
            if (!json) {
                session.out().print(described.size() == 1 ? "" : System.lineSeparator());
                print(one);
            }
        }
        if (json) {
            session.out()
                    .println(
                            new ObjectMapper()
                                    .enable(SerializationFeature.INDENT_OUTPUT)
                                    .writeValueAsString(described));
        }
        return ExitCode.OK;
    }

    private Described describe(Path path) {
        Inspection.Adapter adapter = inspect(path);
        if (adapter.problem() != null) {
            return new Described(adapter, List.of());
        }
        LoraFile file = LoraFile.openByName(path);
        LoraFormat.warnOfUnused(session, file);
        return new Described(adapter, UpdateNorms.of(session, file));
    }

    /** Of an adapter that cannot be used, its tensors in place of their effect. */
    private void print(Described one) {
        InfoText text = new InfoText(session.out(), all);
        if (one.adapter().problem() != null) {
            text.print(one.adapter());
            return;
        }
        text.printAdapter(one.adapter());
        session.out().println();
        UpdateNorms.table(one.updates(), modules).print(session.out());
    }

    private static Inspection.Adapter inspect(Path path) {
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            if (!AdapterInspector.isAdapter(file)) {
                throw new FormatException(
                        path, null, "is no adapter", "glance-engine info shows what it holds");
            }
            return AdapterInspector.inspect(file);
        }
    }
}
