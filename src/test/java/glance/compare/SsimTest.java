package glance.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Test;

class SsimTest {
    /** Recorded with scikit-image and the arguments that the class names. */
    @Test
    void of_equalsScikitImage() {
        double ssim = Ssim.of(TestPictures.formula(0), TestPictures.formula(3));
        assertThat(ssim).isCloseTo(0.2481343847391687, within(1e-12));
    }

    @Test
    void of_equalPictures_isOne() {
        assertThat(Ssim.of(TestPictures.formula(3), TestPictures.formula(3)))
                .isCloseTo(1, within(1e-15));
    }

    @Test
    void of_doesNotDependOnTheOrder() {
        BufferedImage a = TestPictures.formula(1);
        BufferedImage b = TestPictures.formula(2);
        assertThat(Ssim.of(a, b)).isEqualTo(Ssim.of(b, a)).isBetween(-1.0, 1.0);
    }

    @Test
    void of_unequalOrTooSmall_isRefused() {
        BufferedImage small = new BufferedImage(10, 64, BufferedImage.TYPE_INT_RGB);
        assertThatThrownBy(() -> Ssim.of(small, small))
                .hasMessage("ssim: pictures must be at least 11 x 11 pixels, got 10 x 64");
        assertThatThrownBy(() -> Ssim.of(small, TestPictures.formula(0)))
                .hasMessage("pictures must have the same size, got 10 x 64 and 23 x 17");
    }
}
