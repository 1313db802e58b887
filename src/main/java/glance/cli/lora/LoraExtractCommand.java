package glance.cli.lora;

import glance.api.adapter.Extract;
import glance.api.adapter.Output;
import glance.cli.common.ExitCode;
import glance.cli.common.Names;
import glance.cli.common.Session;
import glance.cli.common.Table;
import glance.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes adapters of the difference of two checkpoints. */
@Command(
        name = "extract",
        sortOptions = false,
        header = "Makes an adapter of what fine-tuning changed: TUNED less BASE.",
        description = {
            "",
            "Takes the linear layers that differ, finds the nearest adapter of the given rank for each, and "
                    + "prints the part of the change that it does not hold. Layers that differ but are no linear "
                    + "layers (norms, biases) are named and left out. Writes the diffusers layout, alpha = rank.",
            ""
        },
        parameterListHeading = "Arguments:%n",
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Examples:",
            "  glance-engine lora extract BASE TUNED --rank 32 --out tuned.safetensors",
            "  glance-engine lora extract base.safetensors tuned.safetensors --rank 16 \\",
            "      --targets to_q,to_k,to_v --dtype BF16 --out lora.safetensors"
        })
final class LoraExtractCommand implements Callable<Integer> {
    private final Session session;

    @Parameters(
            index = "0",
            paramLabel = "BASE",
            description =
                    "The model before: a model folder, a transformer's folder, a .safetensors file, or"
                            + " ORG/NAME of the hub.")
    private String base;

    @Parameters(index = "1", paramLabel = "TUNED", description = "The model after, likewise.")
    private String tuned;

    @Option(
            names = "--rank",
            paramLabel = "N",
            required = true,
            description = "Rank of the result.")
    private int rank;

    @Option(
            names = "--targets",
            paramLabel = "NAME",
            split = ",",
            description =
                    "Only modules with these names, or with these after a dot; all if left out.")
    private List<String> targets = new ArrayList<>();

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            defaultValue = "F32",
            description = "F32, BF16 or F16; default ${DEFAULT-VALUE}.")
    private DType dtype;

    @Option(names = "--modules", description = "Report each module, not each kind.")
    private boolean modules;

    @Mixin private NewFile newFile;

    LoraExtractCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Output output = newFile.output(dtype);
        Extract request =
                new Extract(Names.model(session, base), Names.model(session, tuned), rank, targets);
        List<Extract.Module> result =
                LoraFormat.run(
                        session, "extracting", "module", tools -> tools.extract(request, output));
        table(result).print(session.out());
        session.out().println(output.path());
        return ExitCode.OK;
    }

    private Table table(List<Extract.Module> result) {
        Table table = new Table("modules", "count", "norm of change", "lost", "lost, worst");
        LoraFormat.grouped(result, Extract.Module::module, modules)
                .forEach(
                        (name, group) -> {
                            double norm = norm(group, Extract.Module::norm);
                            double lost = norm(group, module -> module.norm() * module.lost());
                            double worst =
                                    group.stream()
                                            .mapToDouble(Extract.Module::lost)
                                            .max()
                                            .orElseThrow();
                            table.row(
                                    name,
                                    Integer.toString(group.size()),
                                    LoraFormat.number(norm),
                                    LoraFormat.percent(lost / norm),
                                    LoraFormat.percent(worst));
                        });
        return table;
    }

    private static double norm(
            List<Extract.Module> group, ToDoubleFunction<Extract.Module> ofModule) {
        return Math.sqrt(
                group.stream().mapToDouble(m -> Math.pow(ofModule.applyAsDouble(m), 2)).sum());
    }
}
