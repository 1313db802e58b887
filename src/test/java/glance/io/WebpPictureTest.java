package glance.io;

import static org.assertj.core.api.Assertions.assertThat;

import glance.fixtures.Fixture;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebpPictureTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "grad",
                "grey",
                "17x33-q75-RGB",
                "17x33-q5-RGBA",
                "100x75-q40-RGBA",
                "131x67-q5-RGB"
            })
    void lossyWebp_equalsLibwebp(String name) {
        Path folder = Fixture.folder("webp");
        BufferedImage read = Images.readUpright(folder.resolve(name + ".webp"));
        BufferedImage expected = Images.readUpright(folder.resolve(name + ".png"));
        assertThat(read.getWidth()).isEqualTo(expected.getWidth());
        assertThat(read.getHeight()).isEqualTo(expected.getHeight());
        assertThat(greatestDifference(read, expected)).isLessThanOrEqualTo(2);
    }

    private static int greatestDifference(BufferedImage a, BufferedImage b) {
        int greatest = 0;
        for (int y = 0; y < a.getHeight(); y++) {
            for (int x = 0; x < a.getWidth(); x++) {
                for (int shift = 0; shift < 24; shift += 8) {
                    int one = a.getRGB(x, y) >> shift & 0xff;
                    int other = b.getRGB(x, y) >> shift & 0xff;
                    greatest = Math.max(greatest, Math.abs(one - other));
                }
            }
        }
        return greatest;
    }
}
