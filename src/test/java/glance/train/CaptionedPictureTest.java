package glance.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CaptionedPictureTest {
    @TempDir private Path folder;

    private Path file(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content);
    }

    @Test
    void folder_picturesWithCaptions_areFoundByName() throws IOException {
        file("b.PNG", "");
        file("b.txt", "\uFEFF two stars \n");
        file("a.jpeg", "");
        file("a.txt", "a cat");
        file("c.webp", "");
        file("c.txt", "a moon");
        file("notes.md", "");
        file(".hidden.png", "");
        assertThat(CaptionedPicture.in(folder))
                .containsExactly(
                        new CaptionedPicture(folder.resolve("a.jpeg"), "a cat"),
                        new CaptionedPicture(folder.resolve("b.PNG"), "two stars"),
                        new CaptionedPicture(folder.resolve("c.webp"), "a moon"));
    }

    @Test
    void whatIsLeftOut_isNamedWithItsReason() throws IOException {
        file("a.avif", "");
        file("a.txt", "a caption");
        file("b.png", "");
        file("b.txt", "a caption");
        file(".hidden.avif", "");
        Files.createDirectory(folder.resolve("more"));
        assertThat(CaptionedPicture.leftOut(folder))
                .containsExactly(
                        "a.avif (not PNG, JPEG or WebP)",
                        "a.txt (a caption without a picture)",
                        "more (a folder)");
    }

    @Test
    void pictureWithoutCaption_isRefused() throws IOException {
        file("a.png", "");
        refused("a.txt: no such file");
        file("a.txt", " \n");
        refused("a.txt: is empty");
        Files.write(folder.resolve("a.txt"), new byte[] {(byte) 0xff});
        refused("a.txt: is no UTF-8 text");
    }

    @Test
    void twoPicturesOfOneCaption_areRefused() throws IOException {
        file("a.png", "");
        file("a.jpg", "");
        file("a.txt", "a cat");
        refused("shares its caption with");
    }

    @Test
    void folderWithoutPictures_isRefused() {
        refused("holds no picture");
        assertThatThrownBy(() -> CaptionedPicture.in(folder.resolve("none")))
                .hasMessageContaining("no such folder");
    }

    private void refused(String message) {
        assertThatThrownBy(() -> CaptionedPicture.in(folder))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining(message);
    }
}
