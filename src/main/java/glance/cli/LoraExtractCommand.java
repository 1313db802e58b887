package glance.cli;

import glance.api.FormatException;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.TensorInfo;
import glance.lora.LoraExtract;
import glance.lora.LoraLayout;
import glance.lora.LoraPair;
import glance.lora.LoraWriter;
import glance.tensor.DType;
import glance.text.PrintableText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
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
    private static final int MAX_NAMES = 5;

    private final Session session;

    @Parameters(
            index = "0",
            paramLabel = "BASE",
            description =
                    "The model before: a model folder, a transformer's folder, or a .safetensors file.")
    private Path base;

    @Parameters(index = "1", paramLabel = "TUNED", description = "The model after, likewise.")
    private Path tuned;

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
        if (rank < 1) {
            throw new WrongUseException("--rank must be at least 1, got " + rank);
        }
        LoraFormat.requireReal(dtype);
        Path out = newFile.safetensors();
        Map<String, LoraPair> pairs = new LinkedHashMap<>();
        LostChange report = new LostChange();
        try (Checkpoint before = Checkpoint.open(base);
                Checkpoint after = Checkpoint.open(tuned)) {
            Checkpoint.requirePlain(before.weights());
            Checkpoint.requirePlain(after.weights());
            List<String> changed = changed(before, after);
            try (Work work = new Work(session, "module", changed.size())) {
                for (String module : changed) {
                    work.next(module);
                    LoraExtract.Result result = extract(before, after, module);
                    if (result != null) {
                        pairs.put(module, LoraFormat.stored(result.pair(), dtype));
                        report.add(modules ? module : LoraFormat.kind(module), result);
                    }
                }
            }
        }
        if (pairs.isEmpty()) {
            throw new FormatException(
                    tuned,
                    null,
                    "no linear layer asked for differs from " + base,
                    "check BASE and TUNED");
        }
        LoraWriter.write(out, pairs, Map.of(), LoraLayout.DIFFUSERS, dtype);
        report.print(session.out());
        session.out().println(out);
        return ExitCode.OK;
    }

    /** The target modules that differ; says what else differs. */
    private List<String> changed(Checkpoint before, Checkpoint after) {
        Map<String, TensorInfo> tunedTensors = after.weights().tensors();
        List<String> changed = new ArrayList<>();
        List<String> others = new ArrayList<>();
        boolean matched = false;
        for (TensorInfo info : before.weights().tensors().values()) {
            TensorInfo other = tunedTensors.get(info.name());
            boolean linear = Checkpoint.isModule(info);
            boolean wanted = linear && isTarget(Checkpoint.module(info.name()));
            matched |= wanted;
            if (!wanted && linear) {
                continue;
            }
            if (other == null || !other.shape().equals(info.shape())) {
                if (wanted) {
                    throw new FormatException(
                            tuned,
                            info.name(),
                            other == null ? "is missing" : "is " + other.shape(),
                            "expected " + info.shape() + " as in " + base);
                }
                others.add(info.name());
            } else if (!same(before, after, info, other)) {
                if (wanted && Checkpoint.isModule(other)) {
                    changed.add(Checkpoint.module(info.name()));
                } else {
                    others.add(info.name());
                }
            }
        }
        if (!matched) {
            throw new FormatException(
                    base,
                    null,
                    "holds no linear layer"
                            + (targets.isEmpty() ? "" : " named " + String.join(" or ", targets)),
                    "glance-engine info --all lists what it holds");
        }
        if (!others.isEmpty()) {
            session.note(
                    "warning: differ, but cannot be in an adapter: "
                            + PrintableText.some(others, MAX_NAMES));
        }
        return changed;
    }

    /** As PEFT matches target_modules given as a list. */
    private boolean isTarget(String module) {
        return targets.isEmpty()
                || targets.stream().anyMatch(t -> module.equals(t) || module.endsWith("." + t));
    }

    private static boolean same(
            Checkpoint before, Checkpoint after, TensorInfo info, TensorInfo other) {
        HostTensor one = before.weights().tensor(info.name());
        HostTensor two = after.weights().tensor(info.name());
        if (info.dtype() == other.dtype()) {
            return one.data().equals(two.data());
        }
        return info.dtype().isFloating()
                && other.dtype().isFloating()
                && Arrays.equals(HostFloats.read(one), HostFloats.read(two));
    }

    private LoraExtract.Result extract(Checkpoint before, Checkpoint after, String module) {
        HostTensor baseWeight = before.weights().tensor(module + ".weight");
        HostTensor tunedWeight = after.weights().tensor(module + ".weight");
        try {
            return LoraExtract.of(module, baseWeight, tunedWeight, rank);
        } catch (IllegalArgumentException e) {
            throw LoraFormat.named(tuned, e);
        }
    }
}
