package glance.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.backend.AdamWSettings;
import glance.fixtures.Fixture;
import glance.ops.Ops;
import glance.schedule.SeededNoise;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** What goes around the arithmetic, which is the parity suite's and the fixtures'. */
class AdamWTest {
    private static final AdamWSettings SETTINGS = AdamWSettings.defaults();
    private static final float RATE = 0.01f;
    private static final int SIZE = 37;

    private static Tensor noise(Ops ops, int seed, float factor) {
        FloatBuffer values = new SeededNoise(seed).normal(SIZE);
        for (int i = 0; i < SIZE; i++) {
            values.put(i, values.get(i) * factor);
        }
        return ops.host().floats(Shape.of(SIZE), values);
    }

    private static double norm(Ops ops, Tensor... tensors) {
        double sum = 0;
        for (Tensor tensor : tensors) {
            FloatBuffer values = ops.host().floats(tensor);
            for (int i = 0; i < SIZE; i++) {
                sum += (double) values.get(i) * values.get(i);
            }
        }
        return Math.sqrt(sum);
    }

    @Test
    void step_longGradients_areShortenedTogether() {
        Fixture.onCpu(
                ops -> {
                    Tensor first = noise(ops, 1, 1);
                    Tensor second = noise(ops, 2, 1);
                    Tensor large = noise(ops, 3, 100);
                    Tensor small = noise(ops, 4, 0.01f);
                    double norm = norm(ops, large, small);
                    try (AdamW optimizer = new AdamW(ops, List.of(first, second), SETTINGS, 2)) {
                        float got = optimizer.step(p -> p == first ? large : small, RATE);
                        assertThat((double) got).isCloseTo(norm, Offset.offset(1e-6 * norm));
                        expectMoment(ops, optimizer, 0, large, 2 / norm);
                        expectMoment(ops, optimizer, 1, small, 2 / norm);
                    }
                });
    }

    @Test
    void step_shortGradients_areTakenAsTheyAre() {
        Fixture.onCpu(
                ops -> {
                    Tensor parameter = noise(ops, 1, 1);
                    Tensor gradient = noise(ops, 2, 0.01f);
                    try (AdamW optimizer = new AdamW(ops, List.of(parameter), SETTINGS, 1)) {
                        optimizer.step(p -> gradient, RATE);
                        expectMoment(ops, optimizer, 0, gradient, 1);
                    }
                });
    }

    /** After the first step the first moment is (1 - beta1) times the gradient that was used. */
    private static void expectMoment(
            Ops ops, AdamW optimizer, int parameter, Tensor gradient, double factor) {
        FloatBuffer moment = ops.host().floats(optimizer.moments().get(parameter));
        FloatBuffer values = ops.host().floats(gradient);
        for (int i = 0; i < SIZE; i++) {
            double want = values.get(i) * factor * (1 - SETTINGS.beta1());
            assertThat((double) moment.get(i))
                    .isCloseTo(want, Offset.offset(1e-5 * Math.abs(want)));
        }
    }

    @Test
    void step_parameterWithoutGradient_isLeftAlone() {
        Fixture.onCpu(
                ops -> {
                    Tensor used = noise(ops, 1, 1);
                    Tensor unused = noise(ops, 2, 1);
                    FloatBuffer usedBefore = ops.host().floats(used);
                    FloatBuffer unusedBefore = ops.host().floats(unused);
                    Tensor gradient = noise(ops, 3, 1);
                    try (AdamW optimizer = new AdamW(ops, List.of(used, unused), SETTINGS, 1)) {
                        optimizer.step(p -> p == used ? gradient : null, RATE);
                    }
                    assertThat(ops.host().floats(used)).isNotEqualTo(usedBefore);
                    assertThat(ops.host().floats(unused)).isEqualTo(unusedBefore);
                });
    }

    @Test
    void step_gradientNotFinite_changesNothing() {
        Fixture.onCpu(
                ops -> {
                    Tensor parameter = noise(ops, 1, 1);
                    FloatBuffer before = ops.host().floats(parameter);
                    Tensor gradient = noise(ops, 2, Float.POSITIVE_INFINITY);
                    try (AdamW optimizer = new AdamW(ops, List.of(parameter), SETTINGS, 1)) {
                        assertThat(optimizer.step(p -> gradient, RATE)).isNotFinite();
                        assertThat(optimizer.stepsDone()).isZero();
                    }
                    assertThat(ops.host().floats(parameter)).isEqualTo(before);
                });
    }

    @Test
    void step_noGradientAtAll_isRefused() {
        Fixture.onCpu(
                ops -> {
                    try (AdamW optimizer = new AdamW(ops, List.of(noise(ops, 1, 1)), SETTINGS, 1)) {
                        assertThatThrownBy(() -> optimizer.step(p -> null, RATE))
                                .isInstanceOf(IllegalArgumentException.class)
                                .hasMessageContaining("no parameter has a gradient");
                    }
                });
    }
}
