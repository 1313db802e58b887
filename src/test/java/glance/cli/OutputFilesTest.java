package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OutputFilesTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @CsvSource({
        "'Three blue stars, on white!', three-blue-stars-on-white",
        "'  --Äpfel & Übergänge  ', apfel-ubergange",
        "'../../etc/passwd', etc-passwd",
        "'三颗星', picture",
        "'CON', con"
    })
    void slug_isSafeInAnyFileSystem(String prompt, String slug) {
        assertThat(OutputFiles.slug(prompt)).isEqualTo(slug);
    }

    @Test
    void slug_ofALongPrompt_endsWithAWholeWord() {
        String slug = OutputFiles.slug("word ".repeat(50));
        assertThat(slug).hasSizeLessThanOrEqualTo(60).endsWith("-word");
        assertThat(OutputFiles.slug("x".repeat(500))).hasSize(60);
    }

    @Test
    void folder_getsNamesOfPromptAndSeed() throws IOException {
        Path made = folder.resolve("new");
        assertThat(OutputFiles.plan(made + "/", false, List.of("a b", "c"), 7, 2))
                .containsExactly(
                        made.resolve("a-b-7.png"),
                        made.resolve("a-b-8.png"),
                        made.resolve("c-7.png"),
                        made.resolve("c-8.png"));
    }

    @Test
    void madeNames_stepAsideForFilesAndForEachOther() throws IOException {
        Files.createFile(folder.resolve("a-7.png"));
        assertThat(OutputFiles.plan(folder.toString(), false, List.of("a", "A"), 7, 1))
                .containsExactly(folder.resolve("a-7-2.png"), folder.resolve("a-7-3.png"));
        assertThat(OutputFiles.plan(folder.toString(), true, List.of("a"), 7, 1))
                .containsExactly(folder.resolve("a-7.png"));
    }

    @Test
    void file_isTakenAsItIs_orNumbered() throws IOException {
        String out = folder.resolve("sky.png").toString();
        assertThat(OutputFiles.plan(out, false, List.of("a"), 7, 1))
                .containsExactly(folder.resolve("sky.png"));
        assertThat(OutputFiles.plan(out, false, List.of("a"), 7, 2))
                .containsExactly(folder.resolve("sky-1.png"), folder.resolve("sky-2.png"));
    }

    @Test
    void pattern_isFilledIn() throws IOException {
        String out = folder.resolve("{n}_{seed}_{prompt}.PNG").toString();
        assertThat(OutputFiles.plan(out, false, List.of("A b"), 7, 2))
                .containsExactly(folder.resolve("1_7_a-b.PNG"), folder.resolve("2_8_a-b.PNG"));
    }

    @Test
    void givenName_thatIsTaken_isRefused() throws IOException {
        Path file = Files.createFile(folder.resolve("sky.png"));
        assertThatThrownBy(() -> OutputFiles.plan(file.toString(), false, List.of("a"), 7, 1))
                .isInstanceOf(WrongUseException.class)
                .hasMessageContainingAll("sky.png", "exists already", "--overwrite");
        assertThat(OutputFiles.plan(file.toString(), true, List.of("a"), 7, 1))
                .containsExactly(file);
    }

    @Test
    void pattern_thatGivesOneNameTwice_isRefused() {
        String out = folder.resolve("{seed}.png").toString();
        assertThatThrownBy(() -> OutputFiles.plan(out, true, List.of("a", "b"), 7, 1))
                .isInstanceOf(WrongUseException.class)
                .hasMessageContaining("two pictures would get the name");
    }

    @Test
    void otherFormats_andMissingFolders_areRefused() {
        assertThatThrownBy(() -> OutputFiles.plan("a.jpg", false, List.of("a"), 7, 1))
                .isInstanceOf(WrongUseException.class)
                .hasMessageContaining("pictures are PNG");
        String out = folder.resolve("missing/a.png").toString();
        assertThatThrownBy(() -> OutputFiles.plan(out, false, List.of("a"), 7, 1))
                .isInstanceOf(WrongUseException.class)
                .hasMessageContaining("does not exist");
    }

    @Test
    void preview_liesBesideThePicture() {
        assertThat(OutputFiles.preview(Path.of("x/sky.png"), 4))
                .isEqualTo(Path.of("x/sky-step04.png"));
    }
}
