package glance.pipeline;

import glance.api.BlockFactors;
import glance.api.Lora;
import glance.api.RequestException;
import glance.api.Steps;
import glance.io.ModelFolder;
import glance.lora.AdapterPath;
import glance.lora.BlockNumbers;
import glance.lora.Expert;
import glance.lora.LoraFile;
import glance.lora.PhaseNote;
import glance.model.Family;
import glance.nn.Linear;
import glance.schedule.PhasePlan;
import glance.schedule.StepNumbers;
import glance.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Reads the adapters of runs. Each file is read once, for the transformer and for the text
 * encoders, and again only when it has changed.
 */
final class ExpertReader {
    /** More than that are not kept open. */
    private static final int MOST = 64;

    private final Family family;
    private final ModelFolder folder;
    private final Map<String, Shape> ofEncoders = new LinkedHashMap<>();
    private final Map<Path, Read> files = new LinkedHashMap<>(16, 0.75f, true);
    private Map<String, Shape> modules; // of the whole model; null before the first adapter
    private BlockNumbers blocks;

    /** What shows that a file, or the config beside it, has changed. */
    private record Stamp(long bytes, FileTime changed, FileTime configChanged) {
        static Stamp of(Path file) {
            try {
                Path config = AdapterPath.config(file).orElse(null);
                return new Stamp(
                        Files.size(file),
                        Files.getLastModifiedTime(file),
                        config == null ? null : Files.getLastModifiedTime(config));
            } catch (IOException e) {
                return new Stamp(0, null, null); // whoever opens it says what is wrong
            }
        }
    }

    /** A file as it was when it was read. */
    private record Read(Stamp stamp, LoraFile file) {}

    /**
     * @param encoders linear layers of the text encoders
     */
    ExpertReader(Family family, ModelFolder folder, Map<String, Linear> encoders) {
        this.family = family;
        this.folder = folder;
        encoders.forEach((name, linear) -> ofEncoders.put(name, linear.shape()));
    }

    /**
     * The experts of a run, each with its steps in the plan and its strength in them.
     *
     * @param first number of the first step that is run; experts of earlier steps alone are not
     *     used
     * @param listener warned of them, and of adapters that do not fit in full
     * @throws RequestException if steps, strengths or blocks do not fit the plan or the model
     * @throws glance.api.FormatException if a file is damaged or does not fit the model
     */
    List<Expert> read(List<Lora> loras, PhasePlan plan, int first, RunListener listener) {
        List<Expert> experts = new ArrayList<>();
        for (Lora lora : loras) {
            LoraFile file = file(lora.path(), listener);
            SortedSet<Integer> steps = steps(lora, file, plan, listener);
            requireBlocks(lora);
            SpeedAdapters.misfit(lora.path(), plan.name()).ifPresent(listener::warning);
            if (!steps.isEmpty()) {
                strengths(lora, steps);
            }
            Expert expert = new Expert(file, lora.strength(), steps, lora.blocks());
            if (steps.isEmpty() || steps.last() >= first) {
                experts.add(expert);
            } else {
                listener.warning(
                        lora.path()
                                + ": its last step of plan "
                                + plan.name()
                                + " is "
                                + steps.last()
                                + ", and this drawing starts with step "
                                + first
                                + ", so the adapter is not used; a larger strength starts earlier");
            }
        }
        return experts;
    }

    /**
     * What the text encoders take of experts: the strength of the first step of each file that is
     * run.
     *
     * @param from number of the first step that is run; experts of earlier steps alone take no part
     * @param listener told where a strength changes that the text encoders cannot follow
     */
    List<Texts.OfEncoders> ofEncoders(List<Expert> experts, int from, RunListener listener) {
        Map<LoraFile, List<Expert>> byFile = new LinkedHashMap<>();
        for (Expert expert : experts) {
            boolean has =
                    expert.file().updates().keySet().stream().anyMatch(ofEncoders::containsKey);
            if (has && !expert.strengths().tailMap(from).isEmpty()) {
                byFile.computeIfAbsent(expert.file(), file -> new ArrayList<>()).add(expert);
            }
        }
        List<Texts.OfEncoders> result = new ArrayList<>();
        byFile.forEach(
                (file, all) -> {
                    List<SortedMap<Integer, Float>> run =
                            all.stream().map(e -> e.strengths().tailMap(from)).toList();
                    int first = run.stream().mapToInt(SortedMap::firstKey).min().orElse(from);
                    float strength = 0;
                    for (SortedMap<Integer, Float> strengths : run) {
                        strength += strengths.getOrDefault(first, 0f);
                    }
                    if (run.stream().flatMap(e -> e.values().stream()).distinct().count() > 1) {
                        listener.warning(
                                file.path()
                                        + ": its part for text encoders has the strength of its"
                                        + " first step, "
                                        + strength
                                        + ", in all steps");
                    }
                    if (strength != 0) {
                        result.add(new Texts.OfEncoders(all.get(0), strength));
                    }
                });
        return result;
    }

    /** Whether a module is of the transformer. */
    boolean isOfTransformer(String module) {
        return !ofEncoders.containsKey(module);
    }

    /** The blocks of the transformer. */
    BlockNumbers blocks() {
        modules();
        return blocks;
    }

    private LoraFile file(Path path, RunListener listener) {
        Stamp stamp = Stamp.of(path);
        Read known = files.get(path);
        if (known == null || !known.stamp().equals(stamp)) {
            known = new Read(stamp, LoraFile.open(path, family.keyMap(), modules()));
            files.put(path, known);
            if (files.size() > MOST) {
                files.remove(files.keySet().iterator().next());
            }
        }
        LoraFile file = known.file();
        file.remarks().forEach(remark -> listener.warning(path + ": " + remark));
        return file;
    }

    private Map<String, Shape> modules() {
        if (modules == null) {
            Map<String, Shape> own = TransformerModules.of(family, folder);
            blocks = new BlockNumbers(own.keySet());
            modules = new LinkedHashMap<>(own);
            modules.putAll(ofEncoders);
        }
        return modules;
    }

    private void requireBlocks(Lora lora) {
        for (BlockFactors.Range range : lora.blocks().ranges()) {
            if (range.last() >= blocks().count()) {
                throw new RequestException(
                        "adapter '"
                                + lora
                                + "': blocks "
                                + range.first()
                                + "-"
                                + range.last()
                                + ": this model has blocks 0 to "
                                + (blocks().count() - 1));
            }
        }
    }

    /**
     * Checks what can be known of an adapter without its file.
     *
     * @throws RequestException if its steps are not in the plan, or its strengths are not as many
     */
    static void check(Lora lora, PhasePlan plan) {
        if (lora.steps() != null) {
            SortedSet<Integer> steps = StepNumbers.of(lora.steps(), plan);
            if (!steps.isEmpty()) {
                strengths(lora, steps);
            }
        }
    }

    private static void strengths(Lora lora, SortedSet<Integer> steps) {
        try {
            lora.strength().over(steps);
        } catch (RequestException e) {
            throw new RequestException("adapter '" + lora + "': " + e.getMessage(), e);
        }
    }

    /** The steps that the user names, else those that the file was trained for, else all. */
    private static SortedSet<Integer> steps(
            Lora lora, LoraFile file, PhasePlan plan, RunListener listener) {
        if (lora.steps() != null) {
            SortedSet<Integer> named = StepNumbers.of(lora.steps(), plan);
            if (named.isEmpty()) {
                listener.warning(
                        lora
                                + ": no step of plan "
                                + plan.name()
                                + " lies there, so the adapter is not used");
            }
            return named;
        }
        PhaseNote note = file.note().orElse(null);
        if (note != null && plan.phases().contains(note.phase())) {
            return StepNumbers.of(new Steps(List.of(new Steps.Phase(note.phase()))), plan);
        }
        if (note != null && !note.phase().equals(PhaseNote.ALL)) {
            listener.warning(
                    lora.path()
                            + ": trained for phase "
                            + note.phase()
                            + " of plan "
                            + note.plan()
                            + "; plan "
                            + plan.name()
                            + " has no such phase, so it is used in all steps; say which, such as "
                            + lora.path().getFileName()
                            + "@1-5");
        }
        SortedSet<Integer> all = new TreeSet<>();
        plan.steps().forEach(step -> all.add(step.number()));
        return all;
    }
}
