package glance.check;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.DeviceOptions;
import glance.backend.Device;
import glance.backend.Devices;
import glance.ops.Ops;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChecksTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "qwenimage-transformer",
                "qwenimage-adapter-names",
                "autoencoder-kl",
                "autoencoder-kl-flux2",
                "autoencoder-kl-qwenimage",
                "qwen2_5_vl-text",
                "qwen2_5_vl-vision",
                "qwen3-text",
                "z-image-transformer",
                "dit-transformer",
                "flux-transformer",
                "flux2-transformer",
                "flux-adapter-names",
                "flux-adapter-files",
                "adapter-kinds",
                "sd3-adapter-conv",
                "sd3-transformer",
                "krea2-transformer",
                "clip-text",
                "t5-encoder",
                "gguf-blocks",
                "flux-gguf",
                "qwenimage-gguf",
                "flux-single-file-bf16",
                "flux-single-file-fp8",
                "flux-single-file-fp8-scaled",
                "flux-single-file-fp8-comfy",
                "qwenimage-fp8-scaled",
                "qwen-tokenizer",
                "clip-tokenizer",
                "t5-tokenizer",
                "flow-match-schedule",
                "flow-match-schedule-2",
                "seeded-noise",
                "seeded-noise-large",
                "qwen-image-edit-pipeline",
                "qwen-image-edit-plus-pipeline",
                "qwen-image-edit-plus-pipeline-zero-cond",
                "z-image-pipeline",
                "flux-kontext-pipeline",
                "krea2-pipeline",
                "qwen-image-img2img",
                "flux-img2img",
                "flux2-klein-pipeline",
                "glance-tiny-pipeline"
            })
    void run_fixture_isWithinTolerance(String name) {
        try (Device device = Devices.open("cpu", DeviceOptions.defaults());
                Ops ops = new Ops(device)) {
            CheckReport report =
                    Checks.run(Path.of(System.getProperty("glance.fixtures"), name), ops);
            assertThat(report.rows()).isNotEmpty().allMatch(CheckReport.Row::passed);
        }
    }
}
