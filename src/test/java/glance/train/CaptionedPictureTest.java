package glance.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
    void references_belongToTheirPicture_inTheirOrder() throws IOException {
        for (String name : List.of("a", "b.v2", "c")) {
            file(name + ".png", "");
            file(name + ".txt", name);
        }
        file("a.ref.JPG", "");
        for (int i = 11; i >= 1; i--) {
            file("b.v2.ref" + i + (i % 2 == 0 ? ".png" : ".webp"), "");
        }
        List<CaptionedPicture> pictures = CaptionedPicture.in(folder);
        assertThat(pictures)
                .extracting(CaptionedPicture::caption)
                .containsExactly("a", "b.v2", "c");
        assertThat(pictures.get(0).references()).containsExactly(folder.resolve("a.ref.JPG"));
        assertThat(pictures.get(1).references())
                .hasSize(11)
                .startsWith(folder.resolve("b.v2.ref1.webp"), folder.resolve("b.v2.ref2.png"))
                .endsWith(folder.resolve("b.v2.ref10.png"), folder.resolve("b.v2.ref11.webp"));
        assertThat(pictures.get(2).references()).isEmpty();
        assertThat(CaptionedPicture.leftOut(folder)).isEmpty();
        file("a.ref.txt", "not read");
        assertThat(CaptionedPicture.leftOut(folder))
                .containsExactly("a.ref.txt (a caption without a picture)");
    }

    @Test
    void pictureWithoutReferences_amongOthersWithSome_isNamed() {
        CaptionedPicture drawn = new CaptionedPicture(Path.of("b.png"), "b");
        CaptionedPicture made =
                new CaptionedPicture(Path.of("a.png"), "a", List.of(Path.of("a.ref.png")));
        assertThat(CaptionedPicture.withoutReferences(List.of(made, drawn, drawn)))
                .contains(
                        "b.png: has no reference, as 2 of 3 pictures; such ones are learnt as drawn"
                                + " from their captions alone");
        assertThat(CaptionedPicture.withoutReferences(List.of(made, made))).isEmpty();
        assertThat(CaptionedPicture.withoutReferences(List.of(drawn, drawn))).isEmpty();
    }

    @Test
    void referencesThatAreAmbiguousOrLost_areRefused() throws IOException {
        file("a.png", "");
        file("a.txt", "a cat");
        file("a.ref2.png", "");
        refused("a.ref2.png: there is no reference 1 of its picture; number them from 1");
        file("a.ref1.png", "");
        file("a.ref4.png", "");
        refused("a.ref4.png: there is no reference 3 of its picture");
        Files.delete(folder.resolve("a.ref4.png"));
        file("a.ref.png", "");
        refused("is reference 1 of its picture, as a.ref.png is");
        Files.delete(folder.resolve("a.ref.png"));
        file("a.ref0.png", "");
        refused("a.ref0.png: there is no reference 1");
        Files.delete(folder.resolve("a.ref0.png"));
        file("b.ref.png", "");
        refused("b.ref.png: is what a picture b is made from, and there is no such one");
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
