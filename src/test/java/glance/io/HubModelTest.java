package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HubModelTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Qwen/Qwen-Image | (about 58 GB): hf download Qwen/Qwen-Image --local-dir Qwen-Image, then give --model Qwen-Image",
                "black-forest-labs/FLUX.1-dev | (about 34 GB), after you accepted its licence",
                "black-forest-labs/FLUX.1-dev | --local-dir FLUX.1-dev --exclude \"flux1-*\", then",
                "stabilityai/stable-diffusion-3.5-medium | --exclude \"sd3.5_*\" --exclude \"text_encoders/*\"",
                "some-one/any.model | fetch it from the Hugging Face hub: hf download some-one/any.model --local-dir any.model"
            })
    void open_nameOfTheHub_saysHowToFetchIt(String id, String message) {
        assertThatThrownBy(() -> ModelFolder.open(Path.of(id)))
                .hasMessageStartingWith(id + ": no such folder; ")
                .hasMessageContaining(message);
    }

    @Test
    void open_pathOfThisMachine_isNoNameOfTheHub() {
        for (String path : new String[] {"x", "./x/y", "/none/x", "a/b/c", "src/none"}) {
            assertThatThrownBy(() -> ModelFolder.open(Path.of(path)))
                    .hasMessageContaining("no such folder; expected a model in diffusers layout");
        }
    }

    @Test
    void open_cacheOfTheHub_takesTheMainSnapshot() throws IOException {
        snapshot("1a");
        snapshot("2b");
        assertThatThrownBy(() -> ModelFolder.open(folder))
                .hasMessageContaining(
                        "without the snapshot of refs/main; give one of snapshots: [1a, 2b]");
        Files.createDirectory(folder.resolve("refs"));
        Files.writeString(folder.resolve("refs/main"), "2b\n");
        assertThat(ModelFolder.open(folder).path()).isEqualTo(folder.resolve("snapshots/2b"));
        Files.writeString(folder.resolve("refs/main"), "../..");
        assertThatThrownBy(() -> ModelFolder.open(folder)).hasMessageContaining("refs/main");
    }

    @Test
    void open_cacheWithOneSnapshot_takesIt() throws IOException {
        snapshot("1a");
        assertThat(ModelFolder.open(folder).pipelineClass()).isEqualTo("X");
    }

    private void snapshot(String commit) throws IOException {
        Path snapshot = Files.createDirectories(folder.resolve("snapshots").resolve(commit));
        Files.writeString(snapshot.resolve("model_index.json"), "{\"_class_name\":\"X\"}");
    }
}
