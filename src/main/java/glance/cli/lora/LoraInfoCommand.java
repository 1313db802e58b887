package glance.cli.lora;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import glance.api.adapter.AdapterReport;
import glance.api.adapter.AdapterReport.Update;
import glance.cli.common.ExitCode;
import glance.cli.common.Names;
import glance.cli.common.Session;
import glance.cli.common.Table;
import glance.cli.info.InfoText;
import glance.cli.info.Inspection;
import glance.lora.AdapterPath;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
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
                    + "and the rank that would keep 95 %% of its square; of what is of full rank (LoHa, LoKr, "
                    + "whole differences) the norm. Files of kinds that cannot be used "
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
            description = "Adapter files, folders of one, or ORG/NAME[/FILE] of the hub.")
    private List<String> files;

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
    record Described(Inspection.Adapter adapter, List<Update> updates) {}

    @Override
    public Integer call() throws JsonProcessingException {
        List<Described> described = new ArrayList<>();
        for (String name : files) {
            Described one = describe(AdapterPath.file(Names.adapter(session, name)));
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
        AdapterReport report =
                LoraFormat.run(session, "measuring", "module", tools -> tools.info(path));
        return new Described(Inspection.Adapter.of(path, report.adapter()), report.updates());
    }

    /** Of an adapter that cannot be used, its tensors in place of their effect. */
    private void print(Described one) {
        InfoText text = new InfoText(session.out(), all);
        if (one.adapter().info().problem() != null) {
            text.print(one.adapter());
            return;
        }
        text.printAdapter(one.adapter());
        session.out().println();
        table(one.updates()).print(session.out());
    }

    /** One row for each kind of module, or for each module. */
    private Table table(List<Update> updates) {
        Table table =
                new Table(
                        modules ? "module" : "modules",
                        "count",
                        "rank",
                        "update norm",
                        "largest singular value",
                        "rank for 95 %");
        LoraFormat.grouped(updates, Update::module, modules)
                .forEach(
                        (name, group) ->
                                table.row(
                                        name,
                                        Integer.toString(group.size()),
                                        ofPairs(
                                                group,
                                                "full",
                                                of -> LoraFormat.range(of, Update::rank)),
                                        range(group, Update::norm),
                                        ofPairs(group, "-", of -> range(of, Update::largest)),
                                        ofPairs(
                                                group,
                                                "-",
                                                of -> LoraFormat.range(of, Update::rankFor95))));
        return table;
    }

    /** What only products of two matrices have. */
    private static String ofPairs(
            List<Update> group, String otherwise, Function<List<Update>, String> value) {
        List<Update> pairs = group.stream().filter(update -> update.rank() > 0).toList();
        return pairs.isEmpty() ? otherwise : value.apply(pairs);
    }

    private static String range(List<Update> group, ToDoubleFunction<Update> value) {
        DoubleSummaryStatistics values = group.stream().mapToDouble(value).summaryStatistics();
        String low = LoraFormat.number(values.getMin());
        String high = LoraFormat.number(values.getMax());
        return low.equals(high) ? low : low + " to " + high;
    }
}
