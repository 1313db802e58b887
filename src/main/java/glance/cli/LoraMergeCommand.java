package glance.cli;

import glance.api.FormatException;
import glance.api.Lora;
import glance.api.Strength;
import glance.lora.LoraFile;
import glance.lora.LoraMerge;
import glance.lora.LoraPair;
import glance.picture.AdapterNames;
import glance.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
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
            description = "A model folder, a transformer's folder, or a .safetensors file.")
    private Path model;

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "LORA[:scale]",
            description = "Adapters, each with its strength; 1 is as trained.")
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
    public Integer call() throws IOException {
        LoraFormat.requireReal(dtype);
        List<Lora> specs = specs();
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            requireWhole(checkpoint);
            Path out =
                    checkpoint.isFolder()
                            ? newFile.folder(checkpoint.path())
                            : newFile.safetensors();
            Map<String, List<LoraMerge.Part>> added = added(checkpoint, specs);
            List<Checkpoint.Part> changed = changed(checkpoint, added.keySet());
            changed.forEach(part -> Checkpoint.requirePlain(part.weights()));
            int tensors = changed.stream().mapToInt(p -> p.weights().tensors().size()).sum();
            RoundingLoss loss = new RoundingLoss(modules);
            try (Work work = new Work(session, "tensor", tensors)) {
                new MergedCheckpoint(checkpoint, changed, added, dtype, work, loss).write(out);
            }
            loss.print(session.out());
            session.out().println(out);
        }
        return ExitCode.OK;
    }

    /** An index can be read like a file, but its shards need a folder to be written to. */
    private void requireWhole(Checkpoint checkpoint) {
        if (!checkpoint.isFolder() && !model.toString().endsWith(".safetensors")) {
            throw new FormatException(model, null, "is an index of shards", "give its folder");
        }
    }

    private List<Lora> specs() {
        List<Lora> specs = new ArrayList<>();
        for (String text : loras) {
            Lora spec;
            try {
                spec = AdapterNames.parseOne(text);
            } catch (IllegalArgumentException e) {
                throw new WrongUseException(e.getMessage());
            }
            if (spec.steps() != null) {
                throw new WrongUseException(
                        "adapter '" + text + "': a merged adapter serves all steps; leave @ out");
            }
            if (!(spec.strength() instanceof Strength.Constant)) {
                throw new WrongUseException(
                        "adapter '" + text + "': a merged adapter has one strength; give a number");
            }
            specs.add(spec);
        }
        return specs;
    }

    /** The transformer, and the text encoders that have modules among these. */
    private static List<Checkpoint.Part> changed(Checkpoint checkpoint, Set<String> modules) {
        return checkpoint.parts().stream()
                .filter(
                        part ->
                                part.prefix().isEmpty()
                                        || modules.stream()
                                                .anyMatch(m -> m.startsWith(part.prefix())))
                .toList();
    }

    /** What is added to each module. */
    private Map<String, List<LoraMerge.Part>> added(Checkpoint checkpoint, List<Lora> specs) {
        Map<String, List<LoraMerge.Part>> parts = new LinkedHashMap<>();
        for (Lora spec : specs) {
            LoraFile adapter = checkpoint.adapter(spec.path());
            if (!adapter.unused().isEmpty() && !allowPartial) {
                throw new FormatException(
                        adapter.path(),
                        null,
                        String.join("; ", adapter.unused()),
                        (checkpoint.isModel()
                                        ? ""
                                        : "give the whole model's folder for text encoders; ")
                                + "--allow-partial merges the rest");
            }
            LoraFormat.warn(session, adapter);
            for (Map.Entry<String, LoraPair> entry : adapter.pairs().entrySet()) {
                parts.computeIfAbsent(entry.getKey(), unused -> new ArrayList<>())
                        .add(new LoraMerge.Part(entry.getValue(), spec.strength().first()));
            }
        }
        return parts;
    }
}
