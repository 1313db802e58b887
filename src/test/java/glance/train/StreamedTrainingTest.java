package glance.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.AdamWSettings;
import glance.api.DeviceOptions;
import glance.api.MemoryStats;
import glance.api.ModelParts;
import glance.api.Precision;
import glance.backend.Device;
import glance.backend.Devices;
import glance.backend.DryDevice;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.fixtures.Fixture;
import glance.fixtures.GgufTwin;
import glance.io.ModelFolder;
import glance.model.Denoiser;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.ops.WeightLimit;
import glance.pipeline.Families;
import glance.pipeline.MemoryForecast.Part;
import glance.pipeline.ModelFiles;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Training on a quantised base whose blocks stream to an emulated GPU: the same adapter, to the
 * bit, in the memory foretold, to the byte.
 */
class StreamedTrainingTest {
    private static final DeviceOptions BF16 = new DeviceOptions(0, Precision.BF16);
    private static final int CHANNELS = 64;
    private static final int TEXT_DIM = 128;

    @TempDir private Path folder;

    private record Outcome(List<FloatBuffer> adapter, Part memory) {}

    @BeforeEach
    void needsTheEmulator() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
    }

    /** Blocks that are run again ask for their weights again; others keep asking for them. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void adapter_isTheSame_andMemoryAsForetold(boolean checkpointing) {
        Path quantised = GgufTwin.of(Fixture.tinyModel().resolve("transformer"), folder).gguf();
        ModelFolder model =
                ModelFiles.open(
                        Fixture.tinyModel(), ModelParts.NONE.transformer(quantised), note -> {});
        TrainingSettings settings = settings(checkpointing);
        Outcome whole = train(model, settings, WeightLimit.NONE);
        List<WeightLimit.Split> splits = new ArrayList<>();
        WeightLimit limit =
                new WeightLimit(whole.memory().weightBytes() * 3 / 5, true, splits::add);
        Outcome streamed = train(model, settings, limit);
        assertThat(streamed.adapter()).isEqualTo(whole.adapter());
        assertThat(splits).isNotEmpty().allMatch(split -> split.blocks() >= 3);
        assertThat(streamed.memory().hostBytes()).isPositive();
        assertThat(streamed.memory().weightBytes()).isLessThanOrEqualTo(limit.bytes());
        assertThat(streamed.memory()).isEqualTo(foretold(model, settings, limit));
        assertThat(whole.memory()).isEqualTo(foretold(model, settings, WeightLimit.NONE));
    }

    private static TrainingSettings settings(boolean checkpointing) {
        return new TrainingSettings(
                TrainerFixture.TARGETS,
                8,
                8,
                1e-3f,
                0,
                3,
                1,
                0,
                1,
                AdamWSettings.defaults(),
                checkpointing,
                17);
    }

    private static Outcome train(ModelFolder model, TrainingSettings settings, WeightLimit limit) {
        try (Device device = Devices.open("cuda-emulated", BF16);
                Ops ops = new Ops(device);
                Scope scope = ops.scope()) {
            List<TrainingExample> examples = TrainerFixture.examples(ops, 2, CHANNELS, TEXT_DIM);
            ops.limitWeights(limit);
            device.memory().resetPeak();
            try (Denoiser denoiser = Families.of(model).openDenoiser(ops, model);
                    AdapterTrainer trainer =
                            TrainerFixture.trainer(ops, denoiser, examples, settings)) {
                for (int i = 0; i < settings.steps(); i++) {
                    trainer.step();
                }
                MemoryStats stats = device.memory().stats();
                return new Outcome(
                        TrainerFixture.parameters(ops, trainer),
                        new Part(
                                TrainingForecast.TRAINING,
                                stats.peakWeightBytes(),
                                stats.peakScratchBytes(),
                                stats.peakHostBytes()));
            }
        }
    }

    private static Part foretold(ModelFolder model, TrainingSettings settings, WeightLimit limit) {
        try (Device device = Devices.open("cuda-emulated", BF16);
                Ops ops = new Ops(device);
                Scope scope = ops.scope();
                DryDevice dry = DryDevice.of(device)) {
            List<TrainingExample> examples = TrainerFixture.examples(ops, 2, CHANNELS, TEXT_DIM);
            return TrainingForecast.training(dry, model, settings, examples, limit);
        }
    }
}
