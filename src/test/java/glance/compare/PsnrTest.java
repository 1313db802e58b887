package glance.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Test;

class PsnrTest {
    /** Recorded with peak_signal_noise_ratio of scikit-image. */
    @Test
    void of_equalsScikitImage() {
        assertThat(Psnr.of(TestPictures.formula(0), TestPictures.formula(3)))
                .isCloseTo(10.732384771973988, within(1e-12));
    }

    @Test
    void of_oneLevelEverywhere_isThatOfTheFormula() {
        BufferedImage black = new BufferedImage(3, 5, BufferedImage.TYPE_INT_RGB);
        BufferedImage nearly = new BufferedImage(3, 5, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 15; i++) {
            nearly.setRGB(i % 3, i / 3, 0x010101);
        }
        assertThat(Psnr.of(black, nearly)).isCloseTo(20 * Math.log10(255), within(1e-12));
    }

    @Test
    void of_equalPictures_isInfinite() {
        assertThat(Psnr.of(TestPictures.formula(2), TestPictures.formula(2))).isInfinite();
    }

    @Test
    void of_otherSize_isRefused() {
        BufferedImage other = new BufferedImage(3, 5, BufferedImage.TYPE_INT_RGB);
        assertThatThrownBy(() -> Psnr.of(other, TestPictures.formula(2)))
                .hasMessageContaining("must have the same size");
    }
}
