package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.Lora;
import glance.api.Plan;
import glance.api.Plans;
import glance.api.Request;
import glance.api.Strength;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.io.SafetensorsWriter;
import glance.lora.LoraFile;
import glance.lora.LoraWriter;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpeedAdaptersTest {
    private static final ModelFolder MODEL = ModelFolder.open(Fixture.tinyModel());

    @TempDir private Path folder;

    @ParameterizedTest
    @CsvSource({
        "Qwen-Image-Lightning-4steps-V1.0.safetensors, lightning-4",
        "Qwen-Image-Lightning-8steps-V1.1-bf16.safetensors, lightning-8",
        "Qwen-Image-2512-Lightning-4steps-V1.0-fp32.safetensors, lightning-4",
        "Qwen-Image-Edit-Lightning-4steps-V1.0-bf16.safetensors, lightning-4",
        "Qwen-Image-Edit-Lightning-8steps-V1.0.safetensors, lightning-8",
        "Qwen-Image-Edit-2509/Qwen-Image-Edit-2509-Lightning-4steps-V1.0-fp32.safetensors, lightning-4",
        "Qwen-Image-Edit-2509/Qwen-Image-Edit-2509-Lightning-8steps-V1.0-bf16.safetensors, lightning-8",
        "Qwen-Image-Edit-2511-Lightning/Qwen-Image-Edit-2511-Lightning-4steps-V1.0-bf16.safetensors, lightning-4",
        "Qwen-Image-Edit-2511-Lightning/Qwen-Image-Edit-2511-Lightning-8steps-V1.0-bf16.safetensors, lightning-8",
        "Qwen-Image-Edit-2511-Lightning/slow.safetensors,",
        "Qwen-Image-Edit-2511-4steps/slow.safetensors,",
        "Hyper-FLUX.1-dev-8steps-lora.safetensors, hyper-8",
        "models--alimama-creative--FLUX.1-Turbo-Alpha/diffusion_pytorch_model.safetensors, turbo-8",
        "FLUX.1-Turbo-Alpha.safetensors, turbo-8",
        "slow.safetensors,",
        "lightning-bolts.safetensors,"
    })
    void plan_isToldByTheName(String name, String plan) {
        assertThat(SpeedAdapters.plan(Path.of(name)).map(Plan::name).orElse(null)).isEqualTo(plan);
    }

    /** One that says no plan by itself. */
    private Lora adapter(String name) {
        Path slow = Fixture.tinyModel().resolve("experts/slow.safetensors");
        Path file = folder.resolve(name);
        LoraWriter.write(file, LoraFile.openByName(slow).pairs(), Map.of());
        return Lora.of(file);
    }

    @Test
    void settings_takePlanGuidanceAndStrengthOfTheAdapter() {
        Lora hyper = adapter("Hyper-FLUX.1-dev-8steps-lora.safetensors");
        Settings settings = Settings.of(Request.of("x").loras(List.of(hyper)), MODEL);
        assertThat(settings.plan()).isEqualTo(Plans.of("hyper-8"));
        assertThat(settings.guidance().embedded()).isEqualTo(3.5f);
        assertThat(settings.loras().get(0).strength()).isEqualTo(Strength.of(0.125f));
        assertThat(settings.loras().get(0).options()).isEqualTo(":0.125");

        Lora lightning = adapter("Qwen-Image-Lightning-4steps.safetensors");
        assertThat(Settings.of(Request.of("x").loras(List.of(lightning)), MODEL).guidance().scale())
                .isEqualTo(1);
    }

    /** The names of modules and matrices in the files for Qwen-Image-Edit, and their strength. */
    @Test
    void lightningForEditing_isReadAndDrawsWithItsPlan() {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        LoraFile.openByName(Fixture.tinyModel().resolve("experts/slow.safetensors"))
                .pairs()
                .forEach(
                        (module, pair) -> {
                            tensors.put(module + ".lora_down.weight", pair.a());
                            tensors.put(module + ".lora_up.weight", pair.b());
                            tensors.put(
                                    module + ".alpha",
                                    HostFloats.tensor(DType.F32, Shape.of(), pair.alpha()));
                        });
        Path file = folder.resolve("Qwen-Image-Edit-2511-Lightning-4steps-V1.0-bf16.safetensors");
        SafetensorsWriter.write(file, tensors, Map.of());
        Settings settings =
                Settings.of(
                        Request.of("x").seed(1).size(32, 32).loras(List.of(Lora.of(file))), MODEL);
        assertThat(settings.plan()).isEqualTo(Plans.of("lightning-4"));
        assertThat(settings.guidance().isActive()).isFalse();
        Fixture.onCpu(
                ops -> {
                    Path model = Fixture.tinyModel();
                    RunListener silent = new RunListener() {};
                    int[] alone = Runs.pixels(ops, model, settings.withLoras(List.of()), silent);
                    assertThat(Runs.pixels(ops, model, settings, silent)).isNotEqualTo(alone);
                });
    }

    @Test
    void settings_thatAreGiven_count() {
        Lora hyper = adapter("Hyper-FLUX.1-dev-8steps-lora.safetensors").strength(1);
        Settings settings =
                Settings.of(
                        Request.of("x").loras(List.of(hyper)).embeddedGuidance(2).plan(Plans.FULL),
                        MODEL);
        assertThat(settings.plan()).isEqualTo(Plans.FULL);
        assertThat(settings.guidance().embedded()).isEqualTo(2);
        assertThat(settings.loras().get(0).options()).isEqualTo(":1");
    }

    @Test
    void anotherPlan_isWarnedOf() {
        Lora hyper = adapter("Hyper-FLUX.1-dev-8steps-lora.safetensors");
        List<String> warnings = new ArrayList<>();
        RunListener listener =
                new RunListener() {
                    @Override
                    public void warning(String message) {
                        warnings.add(message);
                    }
                };
        for (String plan : List.of("uniform-1", "hyper-8")) {
            Settings settings =
                    Settings.of(Request.of("x").loras(List.of(hyper)).plan(Plans.of(plan)), MODEL);
            Fixture.onCpu(
                    ops -> {
                        try (Pipeline pipeline = new Pipeline(ops, MODEL, null);
                                Drawing drawing = pipeline.prepare(settings, listener)) {
                            assertThat(drawing).isNotNull();
                        }
                    });
        }
        assertThat(warnings)
                .filteredOn(text -> text.contains("made for plan"))
                .hasSize(1)
                .first()
                .asString()
                .contains("is made for plan hyper-8; with plan uniform-1");
    }
}
