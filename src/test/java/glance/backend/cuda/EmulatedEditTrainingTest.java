package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.AdamWSettings;
import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.backend.Device;
import glance.backend.Devices;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.fixtures.TinyFlux2;
import glance.io.ModelFolder;
import glance.model.Canvas;
import glance.model.Denoiser;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.pipeline.Families;
import glance.schedule.SeededNoise;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import glance.train.AdapterTrainer;
import glance.train.TrainingExample;
import glance.train.TrainingSettings;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training step with reference pictures on the CUDA kernels, without a GPU. */
class EmulatedEditTrainingTest {
    /** Of gradients in float32: that of the recorded case, see case.json of flux2-transformer. */
    private static final double TOLERANCE = 1e-4;

    private static final DeviceOptions F32 = new DeviceOptions(2, Precision.F32);

    @TempDir private Path folder;

    /**
     * What two steps did.
     *
     * @param moved the matrices after plain steps along the gradient, so that they show it
     */
    private record Steps(float loss, float norm, List<float[]> moved) {}

    @Test
    void step_withReferences_isThatOfTheCpu() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        TinyFlux2.base(folder);
        Steps cpu = steps("cpu");
        Steps emulated = steps("cuda-emulated");
        assertThat(emulated.loss()).isCloseTo(cpu.loss(), within((float) (1e-5 * cpu.loss())));
        assertThat(emulated.norm()).isCloseTo(cpu.norm(), within((float) (TOLERANCE * cpu.norm())));
        for (int i = 0; i < cpu.moved().size(); i++) {
            float[] want = cpu.moved().get(i);
            float[] got = emulated.moved().get(i);
            double largest = 0;
            for (float value : want) {
                largest = Math.max(largest, Math.abs(value));
            }
            for (int j = 0; j < want.length; j++) {
                assertThat((double) got[j]).isCloseTo(want[j], within(TOLERANCE * largest));
            }
        }
    }

    private Steps steps(String name) {
        // an epsilon so large that a step is the gradient's, not its sign's
        AdamWSettings plain = new AdamWSettings(0, 0, 1e3f, 0);
        TrainingSettings settings =
                new TrainingSettings(
                        List.of("to_q", "to_out.0", "to_qkv_mlp_proj"),
                        4,
                        8,
                        1e3f,
                        0,
                        2,
                        1,
                        0,
                        1,
                        plain,
                        true,
                        17);
        ModelFolder model = ModelFolder.open(folder);
        try (Device device = Devices.open(name, F32);
                Ops ops = new Ops(device);
                Denoiser denoiser = Families.of(model).openDenoiser(ops, model);
                AdapterTrainer trainer =
                        new AdapterTrainer(
                                ops,
                                denoiser,
                                List.of(example(ops)),
                                grid -> new float[] {0.7f},
                                settings,
                                1)) {
            trainer.step(); // before it lora_B is zero, and so is the gradient of lora_A
            AdapterTrainer.Result result = trainer.step();
            List<float[]> moved =
                    trainer.adapter().parameters().stream()
                            .map(parameter -> floats(ops.host().floats(parameter)))
                            .toList();
            return new Steps(result.loss(), result.gradNorm(), moved);
        }
    }

    private static float[] floats(FloatBuffer buffer) {
        float[] values = new float[buffer.remaining()];
        buffer.get(values);
        return values;
    }

    private static TrainingExample example(Ops ops) {
        TextBatch text = new TextBatch(noise(ops, 2, 1, 3, 96), ops.host().ints(Shape.of(1), 3));
        List<Canvas.Reference> seen =
                List.of(
                        new Canvas.Reference(noise(ops, 3, 1, 6, 16), new TokenGrid(2, 3)),
                        new Canvas.Reference(noise(ops, 4, 1, 1, 16), new TokenGrid(1, 1)));
        return new TrainingExample(
                noise(ops, 1, 1, 4, 16), text, text, new Canvas(new TokenGrid(2, 2), seen));
    }

    private static Tensor noise(Ops ops, int seed, int... dims) {
        Shape shape = Shape.of(dims);
        return ops.host()
                .floats(shape, new SeededNoise(seed).normal(Math.toIntExact(shape.numel())));
    }
}
