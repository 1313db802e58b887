package glance.cli.lora;

import glance.api.adapter.Output;
import glance.api.adapter.Resize;
import glance.cli.common.ExitCode;
import glance.cli.common.Names;
import glance.cli.common.Session;
import glance.cli.common.Table;
import glance.cli.common.WrongUseException;
import glance.tensor.DType;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes adapters smaller. */
@Command(
        name = "resize",
        sortOptions = false,
        header = "Lowers the rank of an adapter, losing as little as possible.",
        description = {
            "",
            "Keeps the largest singular values of each module's update, which is the best that a rank "
                    + "allows (Eckart and Young). Prints how much of the squared norm is left. Writes alpha = rank, "
                    + "in the layout of FILE.",
            ""
        },
        parameterListHeading = "Arguments:%n",
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Examples:",
            "  glance-engine lora resize slow.safetensors --rank 8 --out slow-8.safetensors",
            "  glance-engine lora resize slow.safetensors --energy 0.95 --out s95.safetensors"
        })
final class LoraResizeCommand implements Callable<Integer> {
    private final Session session;

    @Parameters(paramLabel = "FILE", description = "The adapter, also ORG/NAME[/FILE].")
    private String file;

    @Option(
            names = "--rank",
            paramLabel = "N",
            description = "The largest rank; modules that have less keep what they have.")
    private Integer rank;

    @Option(
            names = "--energy",
            paramLabel = "SHARE",
            description =
                    "Choose the rank of each module so that this share of its squared norm is kept,"
                            + " above 0 and at most 1; with --rank, no more than that.")
    private Double energy;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "F32, BF16 or F16; as in FILE if left out.")
    private DType dtype;

    @Option(names = "--modules", description = "Report each module, not each kind.")
    private boolean modules;

    @Mixin private NewFile newFile;

    LoraResizeCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        if (rank == null && energy == null) {
            throw new WrongUseException(
                    "give --rank, --energy or both; see glance-engine lora resize --help");
        }
        Output output = newFile.output(dtype);
        Resize request = new Resize(Names.adapter(session, file), rank, energy);
        List<Resize.Module> result =
                LoraFormat.run(
                        session, "resizing", "module", tools -> tools.resize(request, output));
        table(result).print(session.out());
        session.out().println(output.path());
        return ExitCode.OK;
    }

    private Table table(List<Resize.Module> result) {
        Table table = new Table("modules", "count", "rank", "to", "kept, mean", "kept, least");
        LoraFormat.grouped(result, Resize.Module::module, modules)
                .forEach(
                        (name, group) -> {
                            DoubleSummaryStatistics kept =
                                    group.stream()
                                            .mapToDouble(Resize.Module::kept)
                                            .summaryStatistics();
                            table.row(
                                    name,
                                    Integer.toString(group.size()),
                                    Integer.toString(
                                            group.stream()
                                                    .mapToInt(Resize.Module::before)
                                                    .max()
                                                    .orElseThrow()),
                                    LoraFormat.range(group, Resize.Module::rank),
                                    LoraFormat.percent(kept.getAverage()),
                                    LoraFormat.percent(kept.getMin()));
                        });
        return table;
    }
}
