package glance.check;

import com.fasterxml.jackson.databind.JsonNode;
import glance.backend.LowRank;
import glance.io.Config;
import glance.io.Weights;
import glance.lora.AdapterSet;
import glance.lora.KeyMap;
import glance.lora.LoraFile;
import glance.model.qwenimage.QwenImageConfig;
import glance.model.qwenimage.QwenImageModulation;
import glance.model.qwenimage.QwenImageTransformer;
import glance.model.text.TextBatch;
import glance.nn.Linear;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** QwenImageTransformer2DModel, without adapter and with each adapter file that the case names. */
final class QwenImageTransformerCheck {
    private QwenImageTransformerCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        JsonNode json = folder.json();
        Path home =
                json.hasNonNull("weights")
                        ? folder.path().resolve(json.get("weights").asText())
                        : folder.path();
        QwenImageConfig config = QwenImageConfig.of(Config.read(home.resolve("config.json")));
        try (Weights weights = Weights.open(home);
                QwenImageTransformer transformer = new QwenImageTransformer(ops, config, weights)) {
            if (folder.has("out.sample")) {
                folder.compare("out.sample", ops, sample(folder, ops, transformer));
            }
            if (json.hasNonNull("adapter")) {
                String file = json.get("adapter").path("file").asText();
                Tensor sample = adapted(folder, ops, transformer, file);
                folder.compare("out_lora.sample", ops, sample);
                if (folder.has("out_lora.loss")) {
                    loss(folder, ops, sample);
                }
            }
            for (JsonNode adapter : json.path("adapters")) {
                Tensor sample = adapted(folder, ops, transformer, adapter.path("file").asText());
                folder.compare(adapter.path("result").asText(), ops, sample);
            }
        }
    }

    private static Tensor adapted(
            CaseFolder folder, Ops ops, QwenImageTransformer transformer, String file) {
        Map<String, Shape> modules = new LinkedHashMap<>();
        Map<String, Linear> linears = transformer.linears();
        linears.forEach((name, linear) -> modules.put(name, linear.weight().shape()));
        LoraFile lora = LoraFile.open(folder.path().resolve(file), KeyMap.identity(), modules);
        try (AdapterSet set = new AdapterSet(ops)) {
            Map<String, LowRank> active = set.combine(List.of(new AdapterSet.Active(lora, 1)));
            linears.forEach((name, linear) -> linear.adapt(active.get(name)));
            return sample(folder, ops, transformer);
        } finally {
            linears.values().forEach(linear -> linear.adapt(null));
        }
    }

    /** Mean squared error against the recorded target. */
    private static void loss(CaseFolder folder, Ops ops, Tensor sample) {
        FloatBuffer got = ops.host().floats(sample);
        FloatBuffer target = folder.floats("in.target");
        double sum = 0;
        for (int i = 0; i < target.remaining(); i++) {
            double difference = got.get(i) - target.get(i);
            sum += difference * difference;
        }
        FloatBuffer loss = FloatBuffer.wrap(new float[] {(float) (sum / target.remaining())});
        double tolerance =
                folder.json().path("tolerances").path("losses").asDouble(folder.tolerance());
        folder.compare("out_lora.loss", loss, folder.floats("out_lora.loss"), tolerance);
    }

    private static Tensor sample(CaseFolder folder, Ops ops, QwenImageTransformer transformer) {
        JsonNode grid = folder.required("img_shapes").path(0);
        FloatBuffer timesteps = folder.floats("in.timestep");
        float[] sigmas = new float[timesteps.remaining()];
        timesteps.get(sigmas);
        int[] lengths = Masks.lengths(folder, "in.encoder_hidden_states_mask");
        TextBatch text =
                new TextBatch(
                        folder.tensor(ops, "in.encoder_hidden_states"),
                        ops.host().ints(Shape.of(lengths.length), lengths));
        QwenImageModulation modulation = transformer.modulation(ops, sigmas);
        Tensor latents = folder.tensor(ops, "in.hidden_states");
        return transformer.velocity(
                ops, latents, text, modulation, grid.path(1).asInt(), grid.path(2).asInt());
    }
}
