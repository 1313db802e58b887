package glance.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.scene.Scene;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparePromptsTest {
    @TempDir private Path folder;

    @Test
    void scenesFile_hasPromptsAndScenes() throws IOException {
        ComparePrompts prompts = ComparePrompts.read(List.of(), Path.of("eval/scenes.jsonl"), 3);
        assertThat(prompts.texts()).hasSize(3);
        assertThat(prompts.texts().get(1))
                .isEqualTo("a yellow ring below a purple square on a green background");
        assertThat(prompts.scenes()).extracting(Scene::prompt).isEqualTo(prompts.texts());
        assertThat(prompts.hasScenes()).isTrue();
    }

    @Test
    void linesAndArguments_haveNoScenes() throws IOException {
        Path file = Files.writeString(folder.resolve("p.txt"), "a red circle\n\n{a brace}\n");
        ComparePrompts prompts = ComparePrompts.read(List.of("first"), file, 100);
        assertThat(prompts.texts()).containsExactly("first", "a red circle", "{a brace}");
        assertThat(prompts.scenes()).containsOnlyNulls();
        assertThat(prompts.hasScenes()).isFalse();
    }

    @Test
    void objectWithPromptOnly_hasNoScene() throws IOException {
        Path file = Files.writeString(folder.resolve("p.jsonl"), "{\"prompt\": \"a cat\"}\n");
        ComparePrompts prompts = ComparePrompts.read(List.of(), file, 100);
        assertThat(prompts.texts()).containsExactly("a cat");
        assertThat(prompts.hasScenes()).isFalse();
    }

    @Test
    void lineThatIsNoObject_isRefusedByPlace() throws IOException {
        Path file = Files.writeString(folder.resolve("p.jsonl"), "{\"prompt\": \"a\"}\na cat\n");
        assertThatThrownBy(() -> ComparePrompts.read(List.of(), file, 100))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("p.jsonl: object 2: is not valid JSON");
    }
}
