package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.fixtures.Fixture;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DamagedPictureTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void cutJpeg_isRefused(boolean progressive) throws IOException {
        byte[] whole = jpeg(progressive);
        assertThat(read("a.jpg", whole).getWidth()).isEqualTo(96);
        for (int cut : new int[] {2, 3, 20, whole.length / 3, whole.length / 2}) {
            refused("a.jpg", Arrays.copyOf(whole, whole.length - cut));
        }
    }

    @Test
    void jpegThatEndsAfterHalfItsRows_isRefused() throws IOException {
        byte[] damaged = jpeg(false);
        damaged[damaged.length / 2] = (byte) 0xff;
        damaged[damaged.length / 2 + 1] = (byte) 0xd9;
        refused("a.jpg", damaged);
    }

    @Test
    void jpegWithoutSenseInTheMiddle_isRefused() throws IOException {
        byte[] damaged = jpeg(false);
        for (int i = 0; i < 60; i++) {
            damaged[damaged.length / 2 + i] = (byte) (i * 37 % 255);
        }
        refused("a.jpg", damaged);
    }

    @Test
    void cutWebp_isRefused() throws IOException {
        byte[] whole = Files.readAllBytes(Fixture.folder("webp").resolve("grad.webp"));
        for (int length : new int[] {20, 200, whole.length / 2, whole.length - 40}) {
            refused("a.webp", Arrays.copyOf(whole, length));
        }
    }

    @Test
    void wrongChecksum_isRefused() throws IOException {
        byte[] png = PngBytes.row(6, 8, 0).end(new byte[6]);
        png[png.length - 14] ^= 1;
        refused("a.png", png);
    }

    @Test
    void pixelsThatAreMissing_areRefused() throws IOException {
        refused("a.png", PngBytes.row(600, 8, 0).end(new byte[300]));
    }

    @Test
    void whatFollowsThePicture_doesNoHarm() throws IOException {
        byte[] webp = Files.readAllBytes(Fixture.folder("webp").resolve("grey.webp"));
        assertThat(read("a.jpg", longer(jpeg(true))).getWidth()).isEqualTo(96);
        assertThat(read("a.webp", longer(webp)).getWidth()).isEqualTo(50);
        byte[] png = PngBytes.row(6, 8, 0).end(new byte[6]);
        assertThat(read("a.png", longer(png)).getWidth()).isEqualTo(6);
    }

    private static byte[] longer(byte[] file) {
        byte[] result = Arrays.copyOf(file, file.length + 1000);
        Arrays.fill(result, file.length, result.length, (byte) 'x');
        return result;
    }

    private BufferedImage read(String name, byte[] content) throws IOException {
        return Images.readUpright(Files.write(folder.resolve(name), content));
    }

    private void refused(String name, byte[] content) {
        assertThatThrownBy(() -> read(name, content))
                .isInstanceOf(FormatException.class)
                .hasMessageContainingAll(name, "is a damaged picture");
    }

    private static byte[] jpeg(boolean progressive) throws IOException {
        BufferedImage image = new BufferedImage(96, 64, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 96 * 64; i++) {
            image.setRGB(i % 96, i / 96, i * 0x3f1d7);
        }
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ImageWriteParam param = writer.getDefaultWriteParam();
        if (progressive) {
            param.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), param);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }
}
