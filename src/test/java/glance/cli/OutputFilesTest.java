package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.cli.common.WrongUseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
        assertThat(plan(made + "/", false, List.of("a b", "c"), 7, 2))
                .containsExactly(
                        made.resolve("a-b-7.png"),
                        made.resolve("a-b-8.png"),
                        made.resolve("c-7.png"),
                        made.resolve("c-8.png"));
    }

    @Test
    void madeNames_stepAsideForFilesAndForEachOther() throws IOException {
        Files.createFile(folder.resolve("a-7.png"));
        assertThat(plan(folder.toString(), false, List.of("a", "A"), 7, 1))
                .containsExactly(folder.resolve("a-7-2.png"), folder.resolve("a-7-3.png"));
        assertThat(plan(folder.toString(), true, List.of("a"), 7, 1))
                .containsExactly(folder.resolve("a-7.png"));
    }

    @Test
    void file_isTakenAsItIs_orNumbered() throws IOException {
        String out = folder.resolve("sky.png").toString();
        assertThat(plan(out, false, List.of("a"), 7, 1)).containsExactly(folder.resolve("sky.png"));
        assertThat(plan(out, false, List.of("a"), 7, 2))
                .containsExactly(folder.resolve("sky-1.png"), folder.resolve("sky-2.png"));
    }

    @Test
    void pattern_isFilledIn() throws IOException {
        String out = folder.resolve("{n}_{seed}_{prompt}.PNG").toString();
        assertThat(plan(out, false, List.of("A b"), 7, 2))
                .containsExactly(folder.resolve("1_7_a-b.PNG"), folder.resolve("2_8_a-b.PNG"));
    }

    @Test
    void givenName_thatIsTaken_isRefused() throws IOException {
        Path file = Files.createFile(folder.resolve("sky.png"));
        assertThatThrownBy(() -> plan(file.toString(), false, List.of("a"), 7, 1))
                .isInstanceOf(WrongUseException.class)
                .hasMessageContainingAll("sky.png", "exists already", "--overwrite");
        assertThat(plan(file.toString(), true, List.of("a"), 7, 1)).containsExactly(file);
    }

    @Test
    void pattern_thatGivesOneNameTwice_isRefused() {
        String out = folder.resolve("{seed}.png").toString();
        assertThatThrownBy(() -> plan(out, true, List.of("a", "b"), 7, 1))
                .isInstanceOf(WrongUseException.class)
                .hasMessageContaining("two pictures would get the name");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.webp", "v1.5", "pics/{seed}", "a.jpg.bak"})
    void otherFormats_areRefused(String out) {
        assertThatThrownBy(() -> plan(out, false, List.of("a"), 7, 1))
                .isInstanceOf(WrongUseException.class)
                .hasMessageContainingAll("--out " + out, "pictures are PNG or JPEG");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pics", ".pics", "a.b/pics"})
    void nameWithoutEnding_isAFolder(String name) throws IOException {
        Path pics = folder.resolve(name);
        OutputFiles files = OutputFiles.plan(pics.toString(), false, List.of("a"), 7, 2);
        assertThat(files.files()).containsExactly(pics.resolve("a-7.png"), pics.resolve("a-8.png"));
        assertThat(pics).doesNotExist();
        files.prepare();
        assertThat(pics).isEmptyDirectory();
    }

    @Test
    void jpeg_isKnownByItsEnding() throws IOException {
        String out = folder.resolve("sky.JPG").toString();
        List<Path> files = plan(out, false, List.of("a"), 7, 2);
        assertThat(files)
                .containsExactly(folder.resolve("sky-1.JPG"), folder.resolve("sky-2.JPG"))
                .allMatch(OutputFiles::isJpeg);
        assertThat(OutputFiles.isJpeg(Path.of("sky.jpeg"))).isTrue();
        assertThat(OutputFiles.isJpeg(Path.of("jpg.png"))).isFalse();
    }

    @Test
    void missingFolders_areMadeWhenTheRunBegins() throws IOException {
        Path file = folder.resolve("new/deep/a.png");
        OutputFiles files = OutputFiles.plan(file.toString(), false, List.of("a"), 7, 1);
        assertThat(folder).isEmptyDirectory();
        files.prepare();
        assertThat(file.getParent()).isEmptyDirectory();
    }

    @Test
    void fileInThePlaceOfAFolder_isNamed() throws IOException {
        Path file = Files.createFile(folder.resolve("red.png"));
        for (String out : List.of(file + "/", file + "/deep/a.png")) {
            assertThatThrownBy(() -> plan(out, false, List.of("a"), 7, 1))
                    .isInstanceOf(WrongUseException.class)
                    .hasMessageContainingAll("--out " + out, file + " is a file");
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void folderThatTakesNoFile_isRefusedBeforeTheRun() {
        OutputFiles files = OutputFiles.plan("/proc/x.png", false, List.of("a"), 7, 1);
        assertThatThrownBy(files::prepare)
                .isInstanceOf(WrongUseException.class)
                .hasMessageContainingAll("--out /proc/x.png", "folder /proc cannot be written");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void stdoutAndDevices_takeOnePicture() {
        for (String out : List.of("-", "/dev/null")) {
            assertThat(plan(out, false, List.of("a"), 7, 1)).containsExactly(Path.of(out));
            assertThatThrownBy(() -> plan(out, false, List.of("a"), 7, 2))
                    .isInstanceOf(WrongUseException.class)
                    .hasMessageContaining("takes one picture, not 2");
        }
    }

    @Test
    void preview_liesBesideThePicture() {
        assertThat(OutputFiles.preview(Path.of("x/sky.png"), 4))
                .isEqualTo(Path.of("x/sky-step04.png"));
    }

    private static List<Path> plan(
            String out, boolean overwrite, List<String> prompts, long seed, int batch) {
        return OutputFiles.plan(out, overwrite, prompts, seed, batch).files();
    }
}
