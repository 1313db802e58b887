package glance.train;

import glance.api.FormatException;
import glance.api.TrainingFailure;
import glance.io.Fingerprint;
import glance.io.HostTensor;
import glance.io.SafetensorsFile;
import glance.io.SafetensorsWriter;
import glance.lora.LoraPair;
import glance.op.LowRank;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The state of a training run as a safetensors file: parameters, moments, the number of the step, a
 * fingerprint of what the run depends on, and one of all of this. Written aside and moved, so a
 * killed run leaves the last one whole; what was changed since, or is not finite, is not read.
 */
public final class Checkpoint {
    private static final String STEP = "glance.step";
    private static final String RUN = "glance.run.";
    private static final String CONTENT = "glance.content";
    private static final String ANEW = "start anew with --overwrite, or in another folder";

    private Checkpoint() {}

    /** Whether the strings of a safetensors header are those of a checkpoint. */
    public static boolean isCheckpoint(Map<String, String> metadata) {
        return metadata.containsKey(STEP);
    }

    /**
     * Writes the state of a run.
     *
     * @param run what must be the same for it to be resumed, in words, by name
     * @throws TrainingFailure if a value is not finite; nothing is written
     */
    public static void write(Path file, Ops ops, AdapterTrainer trainer, Map<String, String> run) {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        state(trainer).forEach((name, tensor) -> tensors.put(name, host(ops, tensor)));
        tensors.forEach(
                (name, tensor) -> {
                    if (!Finite.is(tensor)) {
                        throw new TrainingFailure(
                                trainer.stepsDone(), name + " is no longer finite");
                    }
                });
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(STEP, Integer.toString(trainer.stepsDone()));
        run.forEach((name, value) -> metadata.put(RUN + name, value));
        metadata.put(CONTENT, Fingerprint.of(tensors, metadata));
        SafetensorsWriter.write(file, tensors, metadata);
    }

    /**
     * Brings a new trainer to the state in a file; one that is refused leaves it as it was.
     *
     * @throws FormatException if the file is damaged, was changed, holds values that are not
     *     finite, or belongs to another run
     */
    public static void resume(Path file, Ops ops, AdapterTrainer trainer, Map<String, String> run) {
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            Map<String, HostTensor> tensors = opened.hostTensors();
            requireUnchanged(file, tensors, opened.metadata());
            requireSameRun(file, opened.metadata(), run);
            int step = step(file, opened.metadata().get(STEP));
            Map<String, Tensor> state = state(trainer);
            state.forEach((name, tensor) -> requireFit(file, name, tensors.get(name), tensor));
            state.forEach((name, tensor) -> ops.host().write(tensors.get(name).data(), tensor));
            trainer.optimizer().resumeAt(step);
        }
    }

    private static void requireUnchanged(
            Path file, Map<String, HostTensor> tensors, Map<String, String> metadata) {
        Map<String, String> notes = new LinkedHashMap<>(metadata);
        String content = notes.remove(CONTENT);
        if (content == null) {
            throw new FormatException(
                    file,
                    CONTENT,
                    "is missing, so nothing tells whether the checkpoint is whole",
                    ANEW);
        }
        if (!Fingerprint.of(tensors, notes).equals(content)) {
            throw new FormatException(
                    file, CONTENT, "does not fit the rest: the checkpoint was changed", ANEW);
        }
    }

    private static void requireFit(Path file, String name, HostTensor kept, Tensor tensor) {
        if (kept == null
                || kept.dtype() != tensor.dtype()
                || !kept.shape().equals(tensor.shape())) {
            throw new FormatException(file, name, "missing or of another shape", ANEW);
        }
        if (!Finite.is(kept)) {
            throw new FormatException(file, name, "has values that are not finite", ANEW);
        }
    }

    private static void requireSameRun(
            Path file, Map<String, String> metadata, Map<String, String> run) {
        Set<String> names = new LinkedHashSet<>(run.keySet());
        metadata.keySet().stream()
                .filter(key -> key.startsWith(RUN))
                .forEach(key -> names.add(key.substring(RUN.length())));
        List<String> others =
                names.stream()
                        .filter(name -> !Objects.equals(run.get(name), metadata.get(RUN + name)))
                        .toList();
        if (!others.isEmpty()) {
            throw new FormatException(
                    file,
                    null,
                    "this checkpoint belongs to another run, which differs in "
                            + String.join(", ", others),
                    "repeat its settings, or start anew in another folder");
        }
    }

    private static int step(Path file, String text) {
        try {
            int step = Integer.parseInt(text);
            if (step >= 1) {
                return step;
            }
        } catch (NumberFormatException e) {
            // refused below
        }
        throw new FormatException(
                file,
                STEP,
                "must be a number from 1 to " + Integer.MAX_VALUE + ", got " + text,
                ANEW);
    }

    private static Map<String, Tensor> state(AdapterTrainer trainer) {
        Map<String, Tensor> result = new LinkedHashMap<>();
        List<String> names = List.copyOf(trainer.adapter().named().keySet());
        List<Tensor> parameters = trainer.adapter().parameters();
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            Tensor parameter = parameters.get(i);
            result.put(name, parameter);
            trainer.optimizer()
                    .state(parameter)
                    .forEach((part, tensor) -> result.put(name + "." + part, tensor));
        }
        return result;
    }

    /** The adapter as host matrices, to be written as a file of its own. */
    public static Map<String, LoraPair> pairs(Ops ops, TrainableAdapter adapter) {
        Map<String, LoraPair> pairs = new LinkedHashMap<>();
        adapter.modules().forEach((module, lowRank) -> pairs.put(module, pair(ops, lowRank)));
        return pairs;
    }

    private static LoraPair pair(Ops ops, LowRank lowRank) {
        return new LoraPair(
                host(ops, lowRank.a()),
                host(ops, lowRank.b()),
                lowRank.scale() * lowRank.a().dim(0));
    }

    private static HostTensor host(Ops ops, Tensor tensor) {
        return new HostTensor(tensor.dtype(), tensor.shape(), ops.host().bytes(tensor));
    }
}
