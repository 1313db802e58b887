package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinyFolder;
import glance.io.ModelFolder;
import glance.io.PublishedLayouts;
import glance.model.Family;
import glance.schedule.NoiseSchedule;
import glance.schedule.PhasePlan;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FamiliesTest {
    @TempDir private Path folder;

    /** FLUX and Qwen-Image as the paper runs them, the others as their pipelines do. */
    @ParameterizedTest
    @CsvSource({
        "qwen-image,    qwen-image, glance,     4, 0,   1024",
        "qwen-image-edit, qwen-image, uniform-50, 4, 0, 1024",
        "qwen-image-edit-2509, qwen-image, uniform-40, 4, 0, 1024",
        "qwen-image-edit-2511, qwen-image, uniform-40, 4, 0, 1024",
        "flux.1-dev,    flux,       glance,     1, 3.5, 1024",
        "sd3.5-large,   sd3,        uniform-28, 7, 0,   1024",
        "sd3.5-medium,  sd3,        uniform-28, 7, 0,   1024",
        "sd3-medium,    sd3,        uniform-28, 7, 0,   1024",
        "flux.1-kontext-dev, flux,  uniform-28, 1, 2.5, 1024",
        "flux.1-schnell, flux,      uniform-4,  1, 0,   1024",
        "flux.2-klein-4b, flux2,    uniform-4,  1, 0,   1024",
        "flux.2-klein-9b, flux2,    uniform-4,  1, 0,   1024",
        "z-image-turbo, z-image,    uniform-9,  0, 0,   1024",
        "z-image,       z-image,    full,       4, 0,   1024",
        "krea-2-raw,    krea-2,     uniform-52, 3.5, 0, 1024",
        "krea-2-turbo,  krea-2,     uniform-8,  0, 0,   1024",
        "dit-xl-2-256,  dit,        full,       4, 0,   256"
    })
    void publishedModel_hasTheDefaultsOfItsFamily(
            String layout, String family, String plan, float scale, float embedded, int size) {
        ModelFolder model = PublishedLayouts.random(layout);
        Family found = Families.of(model);
        assertThat(found.name()).isEqualTo(family);
        Family.Defaults defaults = found.defaults(model);
        assertThat(defaults.plan().name()).isEqualTo(plan);
        assertThat(defaults.guidance()).isEqualTo(scale);
        assertThat(defaults.embeddedGuidance()).isEqualTo(embedded);
        assertThat(found.geometry(model).defaultSize()).isEqualTo(size);
    }

    @Test
    void schnell_takesFourStepsWithoutGuidanceOfAnyKind() {
        ModelFolder model = ModelFolder.open(TinyFlux.schnell(folder));
        Family.Defaults defaults = Families.of(model).defaults(model);
        assertThat(defaults.plan().name()).isEqualTo("uniform-4");
        assertThat(defaults.guidance()).isEqualTo(1);
        assertThat(defaults.embeddedGuidance()).isZero();
        NoiseSchedule schedule = Families.of(model).schedule(model);
        assertThat(PhasePlan.of(defaults.plan(), schedule, 4096).sigmas())
                .containsExactly(1, 0.75f, 0.5f, 0.25f, 0);
    }

    @Test
    void unknownPipeline_isRefusedWithTheKnownOnes() {
        new TinyFolder(folder)
                .file("model_index.json", "{\"_class_name\": \"StableDiffusionXLPipeline\"}");
        assertThatThrownBy(() -> Families.of(ModelFolder.open(folder)))
                .isInstanceOf(FormatException.class)
                .hasMessageContainingAll(
                        "StableDiffusionXLPipeline", "FluxPipeline", "DiTPipeline");
    }
}
