package glance.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import glance.api.AdamWSettings;
import glance.api.DeviceOptions;
import glance.backend.Devices;
import glance.fixtures.Float64Replay;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinyFlux2;
import glance.fixtures.TinyQwenImageEdit;
import glance.io.ModelFolder;
import glance.model.Canvas;
import glance.model.Denoiser;
import glance.model.Family;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.op.Op;
import glance.op.TrainingOp;
import glance.ops.Ops;
import glance.pipeline.Families;
import glance.schedule.SeededNoise;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Gradients of adapters where the network looks at reference pictures: those that the trainer gives
 * to the optimizer, against central differences of the loss of the whole network in float64.
 */
class EditGradientsTest {
    private static final double STEP = 1e-4;

    /** That of the recorded gradients of these networks: see case.json of flux2-transformer. */
    private static final double TOLERANCE = 1e-4;

    private static final TokenGrid GRID = new TokenGrid(3, 4);
    private static final List<TokenGrid> SEEN = List.of(new TokenGrid(5, 2), new TokenGrid(1, 3));

    @TempDir private Path folder;

    @ParameterizedTest
    @CsvSource({
        "kontext, 1, to_q to_k proj_out transformer_blocks.0.norm1.linear",
        "klein, 2, to_q to_out.0 to_qkv_mlp_proj single_stream_modulation.linear",
        "qwen, 2, to_q add_k_proj to_out.0 img_mod.1",
        "still, 1, to_v to_out.0 img_mlp.net.2 img_mod.1"
    })
    void gradients_withReferences_equalDifferencesInFloat64(
            String name, int references, String targets) {
        ModelFolder model = model(name);
        Family family = Families.of(model);
        try (Float64Replay device =
                        new Float64Replay(Devices.open("cpu", new DeviceOptions(2, null)));
                Ops ops = new Ops(device);
                Denoiser denoiser = family.openDenoiser(ops, model);
                AdapterTrainer trainer =
                        new AdapterTrainer(
                                ops,
                                denoiser,
                                List.of(example(ops, denoiser, references)),
                                grid -> new float[] {0.8f},
                                settings(List.of(targets.split(" "))),
                                2.5f)) {
            trainer.step(); // before it lora_B is zero, and so is the gradient of lora_A
            Noted noted = new Noted();
            device.forget();
            device.beforeEach(op -> noted.accept(ops, op));
            float loss = trainer.step().loss();
            assertThat(device.upTo(noted.loss, Map.of())[0]).isCloseTo(loss, within(1e-5 * loss));
            // of the picture that is drawn, none of what it is made from
            assertThat(noted.loss.prediction().dim(1)).isEqualTo(GRID.tokens());
            assertThat(noted.gradients).hasSizeGreaterThanOrEqualTo(8);
            noted.gradients.forEach(
                    (parameter, gradient) -> check(device, noted.loss, parameter, gradient));
        }
    }

    /** Of one step: its loss, and what the optimizer was given. */
    private static final class Noted {
        TrainingOp.MseLoss loss;
        final Map<Tensor, double[]> gradients = new LinkedHashMap<>();

        void accept(Ops ops, Op op) {
            if (op instanceof TrainingOp.MseLoss one) {
                loss = one;
            } else if (op instanceof TrainingOp.AdamW adam) {
                for (int i = 0; i < adam.parameters().size(); i++) {
                    FloatBuffer values = ops.host().floats(adam.gradients().get(i));
                    double[] gradient = new double[values.remaining()];
                    Arrays.setAll(gradient, values::get);
                    gradients.put(adam.parameters().get(i), gradient);
                }
            }
        }
    }

    /** At the largest element, and along a random direction, to which every element adds. */
    private static void check(Float64Replay device, Op loss, Tensor parameter, double[] gradient) {
        int largest = 0;
        double sum = 0;
        for (int i = 0; i < gradient.length; i++) {
            largest = Math.abs(gradient[i]) > Math.abs(gradient[largest]) ? i : largest;
            sum += Math.abs(gradient[i]);
        }
        assertThat(sum).isPositive();
        double[] one = new double[gradient.length];
        one[largest] = 1;
        assertThat(gradient[largest])
                .isCloseTo(
                        difference(device, loss, parameter, one),
                        within(TOLERANCE * Math.abs(gradient[largest])));
        double[] random = new Random(3).doubles(gradient.length, -1, 1).toArray();
        double along = 0;
        for (int i = 0; i < gradient.length; i++) {
            along += gradient[i] * random[i];
        }
        assertThat(along)
                .isCloseTo(difference(device, loss, parameter, random), within(TOLERANCE * sum));
    }

    private static double difference(
            Float64Replay device, Op loss, Tensor parameter, double[] direction) {
        double difference = 0;
        for (int sign : new int[] {1, -1}) {
            double[] moved = device.given(parameter);
            for (int i = 0; i < moved.length; i++) {
                moved[i] += sign * STEP * direction[i];
            }
            difference += sign * device.upTo(loss, Map.of(parameter.storage(), moved))[0];
        }
        return difference / (2 * STEP);
    }

    private ModelFolder model(String name) {
        switch (name) {
            case "kontext" -> TinyFlux.kontext(folder);
            case "klein" -> TinyFlux2.base(folder);
            case "qwen" -> TinyQwenImageEdit.plus(folder);
            default -> TinyQwenImageEdit.still(folder);
        }
        return ModelFolder.open(folder);
    }

    private static TrainingSettings settings(List<String> targets) {
        return new TrainingSettings(
                targets, 2, 4, 1e-2f, 0, 2, 1, 0, 1, AdamWSettings.defaults(), false, 3);
    }

    private static TrainingExample example(Ops ops, Denoiser denoiser, int references) {
        int channels = inputs(denoiser, "x_embedder", "img_in");
        int textDim = inputs(denoiser, "context_embedder", "txt_in");
        TextBatch text =
                new TextBatch(
                        noise(ops, 1, 1, 5, textDim),
                        ops.host().ints(Shape.of(1), 5),
                        noise(ops, 2, 1, 32));
        List<Canvas.Reference> seen = new ArrayList<>();
        for (TokenGrid grid : SEEN.subList(0, references)) {
            seen.add(
                    new Canvas.Reference(
                            noise(ops, 5 + seen.size(), 1, grid.tokens(), channels), grid));
        }
        return new TrainingExample(
                noise(ops, 4, 1, GRID.tokens(), channels), text, text, new Canvas(GRID, seen));
    }

    /** Of the first layer that is there. */
    private static int inputs(Denoiser denoiser, String... layers) {
        return Arrays.stream(layers)
                .filter(denoiser.linears()::containsKey)
                .findFirst()
                .map(layer -> denoiser.linears().get(layer).shape().dim(1))
                .orElseThrow();
    }

    private static Tensor noise(Ops ops, int seed, int... dims) {
        Shape shape = Shape.of(dims);
        return ops.host()
                .floats(shape, new SeededNoise(seed).normal(Math.toIntExact(shape.numel())));
    }
}
