package glance.cli.lora;

import glance.api.adapter.Merge;
import glance.api.adapter.Output;
import glance.cli.common.ExitCode;
import glance.cli.common.Names;
import glance.cli.common.Session;
import glance.cli.common.Table;
import glance.tensor.DType;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a model with adapters added to its weights. */
@Command(
        name = "merge",
        sortOptions = false,
        header = "Writes a copy of a model with adapters added to its weights.",
        description = {
            "",
            "The result is what the input is: a model folder, a transformer's folder, or a file. In a model "
                    + "folder text encoders are merged too. Goes tensor "
                    + "by tensor, so the model may be larger than memory. Sums are rounded once; the table says what "
                    + "that costs, in relation to the weights and to the updates. A large part of an update can be "
                    + "lost in 16 bits: generate --lora adds adapters at run time without this loss.",
            ""
        },
        parameterListHeading = "Arguments:%n",
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Examples:",
            "  glance-engine lora merge MODEL style.safetensors:0.8 --out MODEL-style",
            "  glance-engine lora merge base.safetensors a.safetensors b.safetensors:-0.5 \\",
            "      --dtype F32 --out merged.safetensors"
        })
final class LoraMergeCommand implements Callable<Integer> {
    private final Session session;

    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description =
                    "A model folder, a transformer's folder, a .safetensors file, or ORG/NAME of the"
                            + " hub.")
    private String model;

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "LORA[:STRENGTH]",
            description =
                    "Adapters, also ORG/NAME[/FILE] of the hub, each with its strength; 1 is as"
                            + " trained.")
    private List<String> loras;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description =
                    "F32, BF16 or F16 for all floating-point tensors; as in MODEL if left out.")
    private DType dtype;

    @Option(
            names = "--allow-partial",
            description = "Merge the rest where MODEL lacks modules that an adapter is for.")
    private boolean allowPartial;

    @Option(names = "--modules", description = "Report each module, not each kind.")
    private boolean modules;

    @Mixin private NewFile newFile;

    LoraMergeCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Merge request =
                new Merge(
                        Names.model(session, model),
                        loras.stream().map(text -> Names.lora(session, text)).toList(),
                        allowPartial);
        Output output = newFile.output(dtype);
        List<Merge.Module> result =
                LoraFormat.run(session, "merging", "tensor", tools -> tools.merge(request, output));
        Table table =
                new Table(
                        "modules",
                        "count",
                        "dtype",
                        "update / weight",
                        "error / weight",
                        "error / update");
        LoraFormat.grouped(result, Merge.Module::module, modules)
                .forEach((name, group) -> row(table, name, group));
        row(table, "all", result);
        table.print(session.out());
        session.out().println(output.path());
        return ExitCode.OK;
    }

    private static void row(Table table, String name, List<Merge.Module> group) {
        double weight = group.stream().mapToDouble(Merge.Module::weight).sum();
        double update = group.stream().mapToDouble(Merge.Module::update).sum();
        double lost = group.stream().mapToDouble(Merge.Module::lost).sum();
        table.row(
                name,
                Integer.toString(group.size()),
                group.stream()
                        .map(module -> DType.valueOf(module.dtype()))
                        .distinct()
                        .sorted()
                        .map(DType::name)
                        .collect(Collectors.joining(", ")),
                ratio(update, weight),
                ratio(lost, weight),
                ratio(lost, update));
    }

    private static String ratio(double squares, double ofSquares) {
        return ofSquares == 0 ? "-" : LoraFormat.number(Math.sqrt(squares / ofSquares));
    }
}
