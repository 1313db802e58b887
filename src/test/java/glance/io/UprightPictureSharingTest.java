package glance.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What picture files with equal bytes share. */
class UprightPictureSharingTest {
    @TempDir private Path folder;

    @Test
    void equalFiles_areDecodedAndScaledOnce() throws IOException {
        Path first = picture("first.png", 0xff0000);
        Path second = Files.copy(first, folder.resolve("second.png"));
        UprightPicture one = UprightPicture.read(first);
        UprightPicture other = UprightPicture.read(second);
        assertThat(other).isEqualTo(one);
        assertThat(other.image()).isSameAs(one.image());
        assertThat(other.file()).isEqualTo(second);

        AtomicInteger made = new AtomicInteger();
        for (UprightPicture picture : new UprightPicture[] {one, other}) {
            picture.in(
                    "half",
                    image -> {
                        made.incrementAndGet();
                        return PictureScaling.LANCZOS.scale(image, 4, 3);
                    });
        }
        assertThat(made).hasValue(1);
    }

    @Test
    void changedFile_isReadAgain() {
        Path file = picture("a.png", 0xff0000);
        UprightPicture before = UprightPicture.read(file);
        picture("a.png", 0x00ff00);
        UprightPicture after = UprightPicture.read(file);
        assertThat(after).isNotEqualTo(before);
        assertThat(after.image().getRGB(0, 0)).isEqualTo(0xff00ff00);
    }

    @Test
    void hash_isThatOfTheFile() {
        Path file = picture("a.png", 0xff0000);
        assertThat(UprightPicture.read(file).hash())
                .isEqualTo(UprightPicture.hash(file))
                .isEqualTo(Fingerprint.of(file));
    }

    private Path picture(String name, int rgb) {
        BufferedImage image = new BufferedImage(8, 6, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 6; y++) {
            for (int x = 0; x < 8; x++) {
                image.setRGB(x, y, rgb);
            }
        }
        Path file = folder.resolve(name);
        Images.writePng(file, image, Map.of());
        return file;
    }
}
