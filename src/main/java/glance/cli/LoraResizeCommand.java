package glance.cli;

import glance.lora.LoraFile;
import glance.lora.LoraPair;
import glance.lora.LoraResize;
import glance.tensor.DType;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
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

    @Parameters(paramLabel = "FILE", description = "The adapter.")
    private Path file;

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
        LoraResize resize = settings();
        LoraFormat.requireReal(dtype);
        Path out = newFile.safetensors();
        LoraFile adapter = LoraFormat.open(session, file);
        DType stored = LoraFormat.dtype(dtype, adapter.pairs());
        Map<String, LoraPair> resized = new LinkedHashMap<>();
        Map<String, KeptEnergy> report = new LinkedHashMap<>();
        try (Work work = new Work(session, "module", adapter.pairs().size())) {
            adapter.pairs()
                    .forEach(
                            (module, pair) -> {
                                work.next(module);
                                LoraResize.Result result = apply(resize, module, pair);
                                resized.put(module, LoraFormat.stored(result.pair(), stored));
                                report.computeIfAbsent(
                                                modules ? module : LoraFormat.kind(module),
                                                k -> new KeptEnergy())
                                        .add(pair.rank(), result);
                            });
        }
        LoraFormat.write(out, adapter, resized, LoraFormat.layout(adapter), stored);
        KeptEnergy.print(report, session.out());
        session.out().println(out);
        return ExitCode.OK;
    }

    private LoraResize settings() {
        if (rank == null && energy == null) {
            throw new WrongUseException(
                    "give --rank, --energy or both; see glance-engine lora resize --help");
        }
        try {
            return new LoraResize(
                    rank == null ? LoraResize.NO_LIMIT : rank, energy == null ? 1 : energy);
        } catch (IllegalArgumentException e) {
            throw new WrongUseException("--" + e.getMessage());
        }
    }

    private LoraResize.Result apply(LoraResize resize, String module, LoraPair pair) {
        try {
            return resize.apply(module, pair);
        } catch (IllegalArgumentException e) {
            throw LoraFormat.named(file, e);
        }
    }
}
