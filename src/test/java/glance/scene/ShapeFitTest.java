package glance.scene;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ShapeFitTest {
    /** A shape by sampling each pixel at 8 x 8 points, not through the summed mask. */
    private static Patch sampled(SceneShape shape, double x, double y, double radius) {
        float[] cover = new float[64 * 64];
        for (int i = 0; i < cover.length; i++) {
            for (int k = 0; k < 64; k++) {
                double u = i % 64 + (k % 8 + 0.5) / 8 - x;
                double v = i / 64 + (k / 8 + 0.5) / 8 - y;
                cover[i] += shape.contains(u / radius, v / radius) ? 1f / 64 : 0;
            }
        }
        return Patch.of(64, 64, cover);
    }

    @ParameterizedTest
    @EnumSource(SceneShape.class)
    void best_findsShapePlaceAndRadius(SceneShape shape) {
        ShapeFit fit = ShapeFit.best(sampled(shape, 30.3, 33.8, 10.6));
        assertThat(fit.shape()).isEqualTo(shape);
        assertThat(fit.x()).isCloseTo(30.3, within(0.4));
        assertThat(fit.y()).isCloseTo(33.8, within(0.4));
        assertThat(fit.radius()).isCloseTo(10.6, within(0.3));
        assertThat(fit.overlap()).isGreaterThan(0.95);
    }

    @Test
    void mask_hasTheAreasOfTheFormulas() {
        assertThat(ShapeMask.of(SceneShape.CIRCLE).area()).isCloseTo(Math.PI, within(0.01));
        assertThat(ShapeMask.of(SceneShape.SQUARE).area()).isCloseTo(4 * 0.86 * 0.86, within(0.06));
        assertThat(ShapeMask.of(SceneShape.HEXAGON).area())
                .isCloseTo(1.5 * Math.sqrt(3), within(0.01));
        assertThat(ShapeMask.of(SceneShape.DIAMOND).area()).isCloseTo(2 * 0.75 * 1.1, within(0.01));
        double tips = 5 * 1.1 * 1.1 * 0.42 * Math.sin(Math.PI / 5);
        assertThat(ShapeMask.of(SceneShape.STAR).area()).isCloseTo(tips, within(0.01));
    }
}
