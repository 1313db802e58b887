package glance.train;

import glance.backend.LowRank;
import glance.io.FormatException;
import glance.io.HostTensor;
import glance.io.SafetensorsFile;
import glance.io.SafetensorsWriter;
import glance.io.TensorInfo;
import glance.lora.LoraPair;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The state of a training run as a safetensors file: parameters, moments, the number of the step,
 * and a fingerprint of what the run depends on. Written aside and moved, so a killed run leaves the
 * last one whole.
 */
public final class Checkpoint {
    private static final String STEP = "glance.step";
    private static final String RUN = "glance.run.";

    private Checkpoint() {}

    /** Whether the strings of a safetensors header are those of a checkpoint. */
    public static boolean isCheckpoint(Map<String, String> metadata) {
        return metadata.containsKey(STEP);
    }

    /**
     * Writes the state of a run.
     *
     * @param run what must be the same for it to be resumed, in words, by name
     * @throws TrainingFailure if the adapter is not finite; nothing is written
     */
    public static void write(Path file, Ops ops, AdapterTrainer trainer, Map<String, String> run) {
        String odd = new Finite(ops).firstOdd(trainer.adapter());
        if (odd != null) {
            throw new TrainingFailure(
                    trainer.stepsDone(), odd + " of the adapter is no longer finite");
        }
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        state(trainer)
                .forEach(
                        (name, tensor) ->
                                tensors.put(
                                        name,
                                        new HostTensor(
                                                tensor.dtype(),
                                                tensor.shape(),
                                                ops.host().bytes(tensor))));
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(STEP, Integer.toString(trainer.stepsDone()));
        run.forEach((name, value) -> metadata.put(RUN + name, value));
        SafetensorsWriter.write(file, tensors, metadata);
    }

    /**
     * Brings a new trainer to the state in a file.
     *
     * @throws FormatException if the file is damaged or belongs to another run
     */
    public static void resume(Path file, Ops ops, AdapterTrainer trainer, Map<String, String> run) {
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            requireSameRun(file, opened.metadata(), run);
            state(trainer)
                    .forEach(
                            (name, tensor) -> {
                                TensorInfo info = opened.tensors().get(name);
                                if (info == null
                                        || info.dtype() != tensor.dtype()
                                        || !info.shape().equals(tensor.shape())) {
                                    throw new FormatException(
                                            file,
                                            name,
                                            "missing or of another shape",
                                            "start anew");
                                }
                                ops.host().write(opened.data(name), tensor);
                            });
            trainer.optimizer().resumeAt(step(file, opened.metadata().get(STEP)));
        }
    }

    private static void requireSameRun(
            Path file, Map<String, String> metadata, Map<String, String> run) {
        List<String> others =
                run.keySet().stream()
                        .filter(name -> !run.get(name).equals(metadata.get(RUN + name)))
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
            return Integer.parseUnsignedInt(text);
        } catch (NumberFormatException e) {
            throw new FormatException(file, STEP, "is no number of a step", "start anew", e);
        }
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
        HostTensor a =
                new HostTensor(
                        lowRank.a().dtype(), lowRank.a().shape(), ops.host().bytes(lowRank.a()));
        HostTensor b =
                new HostTensor(
                        lowRank.b().dtype(), lowRank.b().shape(), ops.host().bytes(lowRank.b()));
        return new LoraPair(a, b, lowRank.scale() * lowRank.a().dim(0));
    }
}
