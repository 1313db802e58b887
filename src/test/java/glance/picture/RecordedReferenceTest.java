package glance.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.io.Images;
import glance.io.UprightPicture;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordedReferenceTest {
    @TempDir private Path folder;

    private Path picture(String name) throws Exception {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Images.writePng(file, new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB), Map.of());
        return file;
    }

    @Test
    void fileOfAServer_isNamedWithoutItsFolder_andFoundBesideThePicture() throws Exception {
        Path file = picture("a.png");
        String hash = UprightPicture.hash(file);
        Path kept = picture("inputs/" + hash + ".png");
        String text = RecordedReference.text(UprightPicture.read(kept));
        assertThat(text).isEqualTo(hash + " " + hash + ".png");
        RecordedReference reference = RecordedReference.parse(text).get(0);
        assertThat(reference.find(folder.resolve("made.png"), "--init")).isEqualTo(kept);
        Path elsewhere = folder.resolve("other").resolve("made.png");
        assertThatThrownBy(() -> reference.find(elsewhere, "--init"))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("say where it is with --init FILE");
    }

    @Test
    void anyOtherFile_isNamedWithItsFolder() throws Exception {
        for (String name : new String[] {"a.png", "inputs/mine.png"}) {
            Path file = picture(name);
            RecordedReference reference =
                    RecordedReference.parse(RecordedReference.text(UprightPicture.read(file)))
                            .get(0);
            assertThat(reference.file()).isEqualTo(file.toString());
            assertThat(reference.find(folder.resolve("made.png"), "--init")).isEqualTo(file);
        }
    }
}
