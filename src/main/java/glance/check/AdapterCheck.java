package glance.check;

import com.fasterxml.jackson.databind.JsonNode;
import glance.api.BlockFactors;
import glance.api.Strength;
import glance.lora.BaseWeights;
import glance.lora.Expert;
import glance.lora.ExpertSet;
import glance.lora.KeyMap;
import glance.lora.LoraFile;
import glance.lora.RunExperts;
import glance.nn.Parameters;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * What the cases of all transformers share: the output without adapter ({@code out.sample}), with
 * the adapter of the case and its loss ({@code out_lora.*}), and with each of several adapter
 * files.
 */
final class AdapterCheck {
    private final CaseFolder folder;
    private final Ops ops;
    private final Parameters parameters;
    private final KeyMap keyMap;
    private final Supplier<Tensor> sample;

    /**
     * @param parameters those of the transformer
     * @param sample runs the transformer on the inputs of the case, under the adapters active then
     */
    AdapterCheck(
            CaseFolder folder,
            Ops ops,
            Parameters parameters,
            KeyMap keyMap,
            Supplier<Tensor> sample) {
        this.folder = folder;
        this.ops = ops;
        this.parameters = parameters;
        this.keyMap = keyMap;
        this.sample = sample;
    }

    /** The folder with the transformer's weights: that of the case, or the one it names. */
    static Path weights(CaseFolder folder) {
        JsonNode elsewhere = folder.json().path("weights");
        return elsewhere.isTextual() ? folder.path().resolve(elsewhere.asText()) : folder.path();
    }

    void run() {
        if (folder.has("out.sample")) {
            folder.compare("out.sample", ops, sample.get());
        }
        JsonNode own = folder.json().path("adapter");
        if (own.isObject()) {
            Tensor got = adapted(own.path("file").asText());
            folder.compare("out_lora.sample", ops, got);
            if (folder.has("out_lora.loss")) {
                loss(got);
            }
            if (folder.json().path("training").isObject()) {
                new TrainingCheck(folder, ops, sample).run(open(own.path("file").asText()));
            }
        }
        JsonNode several = folder.json().path("adapters");
        if (several.isArray()) {
            several.forEach(
                    each -> compare(each.path("result").asText(), each.path("file").asText()));
        } else {
            several.fields()
                    .forEachRemaining(e -> compare("out." + e.getKey(), e.getValue().asText()));
        }
    }

    private void compare(String result, String file) {
        folder.compare(result, ops, adapted(file));
    }

    private LoraFile open(String file) {
        return LoraFile.open(folder.path().resolve(file), keyMap, parameters.modules());
    }

    private Tensor adapted(String file) {
        LoraFile lora = open(file);
        Expert expert = new Expert(lora, Strength.FULL, new TreeSet<>(Set.of(1)), BlockFactors.ONE);
        try (ExpertSet set =
                        new ExpertSet(
                                ops,
                                module -> true,
                                module -> -1,
                                BaseWeights.of(() -> parameters));
                RunExperts run = set.perStep(1, List.of(expert))) {
            run.of(1).use(ops);
            return ops.under(run.of(1).adapter(), sample);
        }
    }

    /** Mean squared error against the recorded target. */
    private void loss(Tensor sample) {
        FloatBuffer got = ops.host().floats(sample);
        FloatBuffer target = folder.floats("in.target");
        double sum = 0;
        for (int i = 0; i < target.remaining(); i++) {
            double difference = got.get(i) - target.get(i);
            sum += difference * difference;
        }
        FloatBuffer loss = FloatBuffer.wrap(new float[] {(float) (sum / target.remaining())});
        JsonNode tolerance = folder.json().path("tolerances").path("losses");
        folder.compare(
                "out_lora.loss",
                loss,
                folder.floats("out_lora.loss"),
                tolerance.asDouble(folder.tolerance()));
    }
}
