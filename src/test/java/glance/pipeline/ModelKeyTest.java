package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import glance.fixtures.TinyFolder;
import glance.fixtures.TinyQwenImageEdit;
import glance.io.ModelFolder;
import glance.io.PartSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelKeyTest {
    @TempDir private Path folder;

    /** The prompt has another template in each of them. */
    @Test
    void sameFileUnderANameThatTellsAnotherModel_hasAnotherKey() throws IOException {
        ModelFolder base = ModelFolder.open(TinyQwenImageEdit.plus(folder.resolve("m")).path());
        Path weights = base.component("transformer").resolve("diffusion_pytorch_model.safetensors");
        ModelFolder one = given(base, weights, "qwen-image-edit.safetensors");
        ModelFolder several = given(base, weights, "qwen-image-edit-2509.safetensors");
        ModelFolder again = given(base, weights, "edit-2509-copy.safetensors");
        assertThat(ModelKey.encoders(one)).isNotEqualTo(ModelKey.encoders(several));
        assertThat(ModelKey.whole(one)).isNotEqualTo(ModelKey.whole(several));
        assertThat(ModelKey.encoders(again)).isEqualTo(ModelKey.encoders(several));
        assertThat(ModelKey.whole(again)).isEqualTo(ModelKey.whole(several));
    }

    @Test
    void anotherIndex_makesAnotherKey() {
        TinyFolder tiny = TinyQwenImageEdit.plus(folder.resolve("m"));
        String before = ModelKey.encoders(ModelFolder.open(tiny.path()));
        assertThat(ModelKey.encoders(ModelFolder.open(tiny.path()))).isEqualTo(before);
        tiny.file(
                "model_index.json",
                "{\"_class_name\": \"QwenImageEditPlusPipeline\", \"condition_area\": 4096}");
        assertThat(ModelKey.encoders(ModelFolder.open(tiny.path()))).isNotEqualTo(before);
    }

    private ModelFolder given(ModelFolder base, Path weights, String name) throws IOException {
        Path file = Files.copy(weights, folder.resolve(name));
        return base.with("transformer", new PartSource(file, List.of(), Map.of()));
    }
}
