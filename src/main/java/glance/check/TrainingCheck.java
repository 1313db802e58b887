package glance.check;

import com.fasterxml.jackson.databind.JsonNode;
import glance.api.AdamWSettings;
import glance.autograd.Tape;
import glance.lora.LoraFile;
import glance.op.LowRank;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.ops.TrainingOps;
import glance.tensor.Tensor;
import glance.train.AdamW;
import glance.train.TrainableAdapter;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Gradients of the adapter at its start ({@code grad.*}), then the recorded AdamW steps: {@code
 * train.losses}, {@code train.grad_norms} and the parameters after them, {@code train.final.*}.
 * Steps and learning rate are read from case.json.
 */
final class TrainingCheck {
    private final CaseFolder folder;
    private final Ops ops;
    private final Supplier<Tensor> sample;

    TrainingCheck(CaseFolder folder, Ops ops, Supplier<Tensor> sample) {
        this.folder = folder;
        this.ops = ops;
        this.sample = sample;
    }

    void run(LoraFile file) {
        JsonNode training = folder.required("training");
        int steps = training.path("steps").asInt();
        float[] losses = new float[steps];
        float[] norms = new float[steps];
        AdamWSettings settings =
                new AdamWSettings(
                        (float) training.path("betas").path(0).asDouble(),
                        (float) training.path("betas").path(1).asDouble(),
                        (float) training.path("eps").asDouble(),
                        (float) training.path("weight_decay").asDouble());
        float clip = (float) training.path("max_grad_norm").asDouble();
        float rate = (float) training.path("lr").asDouble();
        try (Scope scope = ops.scope();
                TrainableAdapter adapter = new TrainableAdapter(ops, file.pairs());
                AdamW optimizer = new AdamW(ops, adapter.parameters(), settings, clip)) {
            for (int step = 0; step < steps; step++) {
                // checkpointing changes no result, so the steps take turns
                try (Scope inner = ops.scope();
                        Tape tape = new Tape(ops, step % 2 == 1)) {
                    adapter.parameters().forEach(tape::watch);
                    losses[step] = ops.under(adapter, () -> loss(tape));
                    if (step == 0) {
                        gradients(adapter, tape);
                    }
                    norms[step] = optimizer.step(tape::gradient, rate);
                }
            }
            series("train.losses", losses, "losses");
            series("train.grad_norms", norms, "gradients");
            parameters("train.final.", adapter, "final_parameters");
        }
    }

    /** The loss, after its gradients. */
    private float loss(Tape tape) {
        TrainingOps.Loss loss =
                ops.training().meanSquaredError(sample.get(), folder.tensor(ops, "in.target"));
        tape.backward(loss);
        return ops.host().floats(loss.value()).get(0);
    }

    private double tolerance(String kind) {
        return folder.json().path("tolerances").path(kind).asDouble(folder.tolerance());
    }

    private void series(String name, float[] got, String kind) {
        folder.compare(name, FloatBuffer.wrap(got), folder.floats(name), tolerance(kind));
    }

    private void gradients(TrainableAdapter adapter, Tape tape) {
        Map<String, Tensor> found = new TreeMap<>();
        named(adapter).forEach((name, parameter) -> found.put(name, tape.gradient(parameter)));
        found.forEach(
                (name, gradient) -> {
                    String recorded = "grad." + name;
                    if (folder.has(recorded) && gradient != null) {
                        FloatBuffer got = ops.host().floats(ops.contiguous(gradient));
                        folder.compare(
                                recorded, got, folder.floats(recorded), tolerance("gradients"));
                    } else if (folder.has(recorded) || gradient != null) {
                        // one side has a gradient where the other has none
                        folder.add(recorded, Double.POSITIVE_INFINITY, tolerance("gradients"));
                    }
                });
    }

    private void parameters(String prefix, TrainableAdapter adapter, String kind) {
        named(adapter)
                .forEach(
                        (name, parameter) -> {
                            String recorded = recorded(prefix + name);
                            folder.compare(
                                    recorded,
                                    ops.host().floats(parameter),
                                    folder.floats(recorded),
                                    tolerance(kind));
                        });
    }

    /** Recorded parameters carry the names of the adapter file, which may be the older ones. */
    private String recorded(String name) {
        String older =
                name.replace(".lora_A.weight", ".lora.down.weight")
                        .replace(".lora_B.weight", ".lora.up.weight");
        return folder.has(older) ? older : name;
    }

    /** Parameters by the names that peft gives them. */
    private static Map<String, Tensor> named(TrainableAdapter adapter) {
        Map<String, Tensor> result = new TreeMap<>();
        for (Map.Entry<String, LowRank> module : adapter.modules().entrySet()) {
            String name = "transformer." + module.getKey();
            result.put(name + ".lora_A.weight", module.getValue().a());
            result.put(name + ".lora_B.weight", module.getValue().b());
        }
        return result;
    }
}
