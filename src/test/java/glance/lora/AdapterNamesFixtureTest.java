package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;

import glance.backend.Device;
import glance.backend.DeviceOptions;
import glance.backend.Devices;
import glance.backend.LowRank;
import glance.fixtures.Fixture;
import glance.io.Config;
import glance.io.Weights;
import glance.model.qwenimage.QwenImageConfig;
import glance.model.qwenimage.QwenImageTransformer;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files as they are found in the wild, through the whole transformer. */
class AdapterNamesFixtureTest {
    /** The tolerance of the cases. */
    private static final double TOLERANCE = 2e-5;

    @ParameterizedTest
    @CsvSource({
        "qwenimage-transformer, lora, out_lora.sample",
        "qwenimage-adapter-names, kohya, out_lora.kohya",
        "qwenimage-adapter-names, comfyui, out_lora.comfyui",
        "qwenimage-adapter-names, no-prefix, out_lora.no-prefix",
        "qwenimage-adapter-names, peft-model, out_lora.peft-model"
    })
    void velocity_withAdapter_equalsReference(String folder, String adapter, String result) {
        try (Device device = Devices.open("cpu", DeviceOptions.defaults());
                Ops ops = new Ops(device);
                Fixture fixture = new Fixture(folder);
                Fixture model = new Fixture("qwenimage-transformer");
                Weights weights = Weights.open(model.folder());
                QwenImageTransformer transformer =
                        new QwenImageTransformer(ops, config(model), weights);
                AdapterSet adapters = new AdapterSet(ops)) {
            Map<String, Shape> modules = new LinkedHashMap<>();
            transformer
                    .linears()
                    .forEach((name, linear) -> modules.put(name, linear.weight().shape()));
            LoraFile file =
                    LoraFile.open(
                            fixture.folder().resolve(adapter + ".safetensors"),
                            KeyMap.identity(),
                            modules);
            Map<String, LowRank> active = adapters.combine(List.of(new AdapterSet.Active(file, 1)));
            transformer.linears().forEach((name, linear) -> linear.adapt(active.get(name)));
            TextBatch text =
                    new TextBatch(
                            fixture.tensor(ops, "in.encoder_hidden_states"),
                            ops.host().ints(Shape.of(2), 7, 5));
            float timestep = ops.host().floats(fixture.tensor(ops, "in.timestep")).get(0);
            float second = ops.host().floats(fixture.tensor(ops, "in.timestep")).get(1);
            Tensor sample =
                    transformer.velocity(
                            ops,
                            fixture.tensor(ops, "in.hidden_states"),
                            text,
                            transformer.modulation(ops, timestep, second),
                            4,
                            6);
            assertThat(fixture.error(ops, sample, result)).isLessThanOrEqualTo(TOLERANCE);
        }
    }

    private static QwenImageConfig config(Fixture model) {
        return QwenImageConfig.of(Config.read(model.folder().resolve("config.json")));
    }
}
