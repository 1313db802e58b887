package glance.train;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.AdamWSettings;
import glance.fixtures.Fixture;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.io.Weights;
import glance.model.Canvas;
import glance.model.Conditioning;
import glance.model.Denoiser;
import glance.model.Velocity;
import glance.model.text.TextBatch;
import glance.nn.Linear;
import glance.nn.Parameters;
import glance.ops.Ops;
import glance.schedule.SeededNoise;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The gradient of a step, computed by hand for a denoiser that is one matrix. */
class GradientAccumulationTest {
    private static final int CHANNELS = 7;
    private static final int RANK = 3;
    private static final float ALPHA = 6;

    @TempDir Path folder;

    /** What the denoiser was asked, in order. */
    private record Asked(float[] latents, float sigma, TextBatch text) {}

    /** Velocity {@code latents W^T}. */
    private static final class OneMatrix implements Denoiser {
        private final Parameters parameters;
        private final Linear matrix;
        final List<Asked> asked = new ArrayList<>();

        OneMatrix(Ops ops, Weights weights) {
            parameters = new Parameters(ops, weights, "OneMatrix");
            matrix = parameters.linearNoBias("matrix", CHANNELS, CHANNELS);
            parameters.finish();
        }

        @Override
        public Parameters parameters() {
            return parameters;
        }

        @Override
        public List<Conditioning> condition(
                Ops ops, List<TextBatch> texts, float[] sigmas, Canvas canvas, float guidance) {
            Tensor levels = ops.host().floats(Shape.of(sigmas.length, 1), sigmas);
            return Collections.nCopies(
                    texts.size(), new Conditioning(List.of(levels), sigmas.length));
        }

        @Override
        public Velocity.Prediction prediction(Ops unused, TextBatch text, Canvas canvas) {
            return (ops, latents, step, constants) -> {
                float sigma = floats(ops, step.get(0))[0];
                asked.add(new Asked(floats(ops, latents), sigma, text));
                return matrix.forward(ops, latents);
            };
        }

        @Override
        public void close() {
            parameters.close();
        }
    }

    private static float[] floats(Ops ops, Tensor tensor) {
        FloatBuffer buffer = ops.host().floats(tensor);
        float[] values = new float[buffer.remaining()];
        buffer.get(values);
        return values;
    }

    /** The first moment of lora_B. */
    private static Tensor moment(AdapterTrainer trainer) {
        Tensor b = trainer.adapter().parameters().get(1);
        return trainer.optimizer().state(b).get(Moments.FIRST);
    }

    private Weights weights() {
        FloatBuffer values = new SeededNoise(1).normal(CHANNELS * CHANNELS);
        ByteBuffer bytes =
                ByteBuffer.allocate(4 * values.remaining()).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        Shape shape = Shape.of(CHANNELS, CHANNELS);
        SafetensorsWriter.write(
                folder.resolve("diffusion_pytorch_model.safetensors"),
                Map.of("matrix.weight", new HostTensor(DType.F32, shape, bytes)),
                Map.of());
        return Weights.open(folder);
    }

    @Test
    void step_severalExamples_takesTheMeanOfTheirGradients() {
        int count = 5;
        TrainingSettings settings =
                new TrainingSettings(
                        List.of("matrix"),
                        RANK,
                        ALPHA,
                        1e-3f,
                        0,
                        1,
                        count,
                        0.5f,
                        1e6f,
                        AdamWSettings.defaults(),
                        true,
                        3);
        Fixture.onCpu(
                ops -> {
                    List<TrainingExample> examples = TrainerFixture.examples(ops, 4, CHANNELS, 2);
                    try (Weights weights = weights();
                            OneMatrix denoiser = new OneMatrix(ops, weights);
                            AdapterTrainer trainer =
                                    TrainerFixture.trainer(ops, denoiser, examples, settings)) {
                        float[] w = floats(ops, denoiser.matrix.weight());
                        float[] a = floats(ops, trainer.adapter().parameters().get(0));
                        AdapterTrainer.Result result = trainer.step();
                        assertThat(denoiser.asked).hasSize(count);

                        double[] gradient = new double[CHANNELS * RANK];
                        double loss = 0;
                        for (Asked one : denoiser.asked) {
                            loss += add(gradient, one, clean(ops, one, examples), w, a) / count;
                        }
                        assertThat((double) result.loss()).isCloseTo(loss, within(loss));
                        // the first moment after one step is (1 - beta1) times the gradient
                        float[] moment = floats(ops, moment(trainer));
                        double squares = 0;
                        for (int i = 0; i < gradient.length; i++) {
                            double mean = gradient[i] / count;
                            squares += mean * mean;
                            assertThat(moment[i] / (1.0 - 0.9f)).isCloseTo(mean, within(1));
                        }
                        double norm = Math.sqrt(squares);
                        assertThat((double) result.gradNorm()).isCloseTo(norm, within(norm));
                    }
                });
    }

    /** Rounding of sums of a few hundred terms. */
    private static Offset<Double> within(double size) {
        return Offset.offset(1e-5 * size);
    }

    /** The clean latents of an example that was asked with or without its caption. */
    private static float[] clean(Ops ops, Asked asked, List<TrainingExample> examples) {
        return examples.stream()
                .filter(e -> e.caption() == asked.text || e.dropped() == asked.text)
                .map(e -> floats(ops, e.latents()))
                .findFirst()
                .orElseThrow();
    }

    /** Adds {@code s dy^T (x A^T)} with {@code dy = 2 (x W^T - target) / n}; returns the loss. */
    private static double add(double[] gradient, Asked asked, float[] clean, float[] w, float[] a) {
        double scale = ALPHA / RANK;
        int n = clean.length;
        double loss = 0;
        for (int i = 0; i < n; i++) {
            int row = i - i % CHANNELS;
            int c = i % CHANNELS;
            double y = 0;
            for (int k = 0; k < CHANNELS; k++) {
                y += (double) asked.latents[row + k] * w[c * CHANNELS + k];
            }
            double noise = (asked.latents[i] - (1.0 - asked.sigma) * clean[i]) / asked.sigma;
            double difference = y - (noise - clean[i]);
            loss += difference * difference / n;
            for (int r = 0; r < RANK; r++) {
                double low = 0;
                for (int k = 0; k < CHANNELS; k++) {
                    low += (double) asked.latents[row + k] * a[r * CHANNELS + k];
                }
                gradient[c * RANK + r] += scale * 2 * difference / n * low;
            }
        }
        return loss;
    }
}
