package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.api.CancelledException;
import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.api.Residency;
import glance.backend.Device;
import glance.backend.Devices;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.check.CheckReport;
import glance.check.Checks;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.io.SafetensorsWriter;
import glance.ops.Ops;
import glance.pipeline.Guidance;
import glance.pipeline.Pipeline;
import glance.pipeline.RunListener;
import glance.pipeline.Settings;
import glance.schedule.PlanJson;
import glance.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole models on the CUDA kernels, without a GPU. */
class EmulatedModelTest {
    private static final DeviceOptions F32 = new DeviceOptions(0, Precision.F32);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final DeviceOptions BF16 = new DeviceOptions(0, Precision.BF16);

    @BeforeEach
    void needsTheEmulator() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
    }

    /**
     * Of the transformers also the adapters' gradients, losses and parameters after AdamW steps.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "clip-text",
                "t5-encoder",
                "qwen2_5_vl-text",
                "qwen2_5_vl-vision",
                "qwen3-text",
                "z-image-transformer",
                "qwenimage-transformer",
                "qwenimage-adapter-names",
                "adapter-kinds",
                "flux-transformer",
                "flux2-transformer",
                "flux-adapter-names",
                "flux-gguf",
                "qwenimage-gguf",
                "flux-single-file-bf16",
                "flux-single-file-fp8",
                "flux-single-file-fp8-scaled",
                "qwenimage-fp8-scaled",
                "sd3-transformer",
                "krea2-transformer",
                "dit-transformer",
                "qwen-image-edit-plus-pipeline-zero-cond",
                "autoencoder-kl",
                "autoencoder-kl-flux2",
                "autoencoder-kl-qwenimage",
                "qwen-image-img2img",
                "flux-img2img"
            })
    void component_equalsItsReference(String name) {
        try (Device device = Devices.open("cuda-emulated", F32);
                Ops ops = new Ops(device)) {
            CheckReport report = Checks.run(Fixture.folder(name), ops);
            assertThat(report.rows()).isNotEmpty().allMatch(CheckReport.Row::passed);
        }
    }

    /** The case has 90 steps, minutes here: these are its texts, its noise and two steps of it. */
    @Test
    void pipeline_startsAsTheReference(@TempDir Path folder) throws IOException {
        Path whole = Fixture.folder("glance-tiny-pipeline");
        ObjectNode json = (ObjectNode) JSON.readTree(whole.resolve("case.json").toFile());
        json.put("model", Fixture.tinyModel().toAbsolutePath().toString());
        JSON.writeValue(folder.resolve("case.json").toFile(), json);
        Map<String, HostTensor> recorded = Fixture.tensors(whole.resolve("case.safetensors"));
        Map<String, HostTensor> start = new LinkedHashMap<>(recorded);
        start.keySet().removeIf(name -> name.matches("out\\..*\\.(sigmas|image|latents.*)"));
        SafetensorsWriter.write(folder.resolve("case.safetensors"), start, Map.of());
        try (Device device = Devices.open("cuda-emulated", F32);
                Ops ops = new Ops(device)) {
            assertThat(Checks.run(folder, ops).rows()).hasSize(4).allMatch(CheckReport.Row::passed);
            TwoSteps steps = new TwoSteps(ops);
            Pipeline pipeline =
                    new Pipeline(ops, ModelFolder.open(Fixture.tinyModel()), Residency.STREAM);
            assertThatThrownBy(() -> pipeline.run(request("glance"), steps))
                    .isInstanceOf(CancelledException.class);
            for (int step = 1; step <= 2; step++) {
                float[] want = HostFloats.read(recorded.get("out.glance.latents." + step));
                float[] got = steps.latents.get(step - 1);
                for (int i = 0; i < want.length; i++) {
                    assertThat(got[i]).isCloseTo(want[i], within(1e-3f));
                }
            }
        }
    }

    /** Keeps the latents of two steps and ends the run. */
    private static final class TwoSteps implements RunListener {
        private final Ops ops;
        private final List<float[]> latents = new ArrayList<>();

        TwoSteps(Ops ops) {
            this.ops = ops;
        }

        @Override
        public void latents(int step, Tensor tensor) {
            float[] values = new float[Math.toIntExact(tensor.numel())];
            ops.host().floats(tensor).get(values);
            latents.add(values);
        }

        @Override
        public boolean isCancelled() {
            return latents.size() == 2;
        }
    }

    /** Measured: no difference. */
    @Test
    void picture_inF32_isThatOfTheCpu() {
        assertThat(Runs.meanDifference(picture("cpu", F32), picture("cuda-emulated", F32)))
                .isLessThanOrEqualTo(1 / 255.0);
    }

    /** Measured: 0.25 / 255. */
    @Test
    void picture_inBf16_isNearThatOfTheCpu() {
        assertThat(Runs.meanDifference(picture("cpu", F32), picture("cuda-emulated", BF16)))
                .isLessThanOrEqualTo(1 / 255.0);
    }

    private static int[] picture(String name, DeviceOptions options) {
        try (Device device = Devices.open(name, options);
                Ops ops = new Ops(device)) {
            return Runs.pixels(
                    ops, Fixture.tinyModel(), request("uniform-2"), new RunListener() {});
        }
    }

    /** That of the recorded case. */
    private static Settings request(String plan) {
        return new Settings(
                List.of("a red circle left of a blue star on a white background"),
                " ",
                7,
                1,
                64,
                64,
                new Guidance(4, true),
                PlanJson.find(plan),
                List.of());
    }
}
