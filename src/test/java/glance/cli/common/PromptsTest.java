package glance.cli.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptsTest {
    @TempDir private Path folder;

    @Test
    void file_givesAPromptForEachLineThatIsNotBlank() throws IOException {
        Path file = Files.writeString(folder.resolve("p.txt"), "\ufeffa cat\r\n\n  ein Bär \n");
        assertThat(Prompts.read(file)).containsExactly("a cat", "ein Bär");
    }

    @Test
    void linesThatBeginWithANumberSign_areComments() throws IOException {
        Path file = Files.writeString(folder.resolve("p.txt"), "# animals\na cat\n  #no\na # b\n");
        assertThat(Prompts.read(file)).containsExactly("a cat", "a # b");
        Files.writeString(file, "# nothing\n");
        assertThatThrownBy(() -> Prompts.read(file)).hasMessageContaining("holds no prompt");
    }

    @Test
    void severalWords_lookLikeAPromptWithoutQuotes() {
        assertThat(Prompts.lookUnquoted(List.of("a", "red", "circle"))).isTrue();
        assertThat(Prompts.lookUnquoted(List.of("circle"))).isFalse();
        assertThat(Prompts.lookUnquoted(List.of("a red circle", "heart"))).isFalse();
    }

    @Test
    void fileWithoutPrompts_isRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("p.txt"), "\n \n");
        assertThatThrownBy(() -> Prompts.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContainingAll("p.txt", "holds no prompt");
    }

    @Test
    void fileInAnotherEncoding_isRefused() throws IOException {
        Path file = Files.write(folder.resolve("p.txt"), new byte[] {'B', (byte) 0xe4, 'r'});
        assertThatThrownBy(() -> Prompts.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("is not UTF-8 text");
    }

    @Test
    void missingFileAndFolder_areRefused() {
        assertThatThrownBy(() -> Prompts.read(folder.resolve("none.txt")))
                .hasMessageContaining("no such file");
        assertThatThrownBy(() -> Prompts.read(folder)).hasMessageContaining("is a folder");
    }

    @Test
    void emptyAndUndecodedPrompts_areRefused() {
        assertThat(Prompts.check(List.of("a"))).containsExactly("a");
        assertThatThrownBy(() -> Prompts.check(List.of("a", " ")))
                .isInstanceOf(WrongUseException.class)
                .hasMessageContaining("the prompt is empty");
        assertThatThrownBy(() -> Prompts.check(List.of("caf\ufffd")))
                .isInstanceOf(WrongUseException.class)
                .hasMessageContaining("LC_ALL=C.UTF-8");
    }
}
