package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFolderTest {
    @TempDir Path folder;

    @Test
    void open_glanceTiny_givesConfigsAndWeights() {
        ModelFolder model =
                ModelFolder.open(
                        Path.of(System.getProperty("glance.weights")).resolve("glance-tiny"));
        assertThat(model.pipelineClass()).isEqualTo("QwenImagePipeline");
        assertThat(model.config("transformer").className())
                .isEqualTo("QwenImageTransformer2DModel");
        assertThat(model.config("scheduler").className())
                .isEqualTo("FlowMatchEulerDiscreteScheduler");
        try (Weights weights = model.weights("vae")) {
            assertThat(weights.tensors()).isNotEmpty();
        }
    }

    @Test
    void open_notAModel_describesTheLayout() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        refused(() -> ModelFolder.open(folder.resolve("none")), "no such folder");
        refused(() -> ModelFolder.open(file), "is a file, not a folder");
        refused(() -> ModelFolder.open(folder), "holds no model_index.json; expected a model");
    }

    @Test
    void component_missing_isNamed() throws IOException {
        Files.writeString(folder.resolve("model_index.json"), "{\"_class_name\":\"X\"}");
        ModelFolder model = ModelFolder.open(folder);
        assertThat(model.has("vae")).isFalse();
        refused(() -> model.component("vae"), folder + ": vae: component folder is missing");
        refused(() -> model.config("scheduler"), "scheduler: component folder is missing");
        Files.createDirectory(folder.resolve("vae"));
        refused(() -> model.config("vae"), "config.json: no such file");
        refused(() -> model.weights("vae"), "holds no weights");
    }

    private static void refused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(FormatException.class).hasMessageContaining(message);
    }
}
