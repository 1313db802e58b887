package glance.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.AdamWSettings;
import glance.fixtures.Fixture;
import glance.ops.Ops;
import glance.schedule.SeededNoise;
import glance.tensor.DType;
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
                        expectMoment(ops, optimizer, first, large, 2 / norm);
                        expectMoment(ops, optimizer, second, small, 2 / norm);
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
                        expectMoment(ops, optimizer, parameter, gradient, 1);
                    }
                });
    }

    /** After the first step the first moment is (1 - beta1) times the gradient that was used. */
    private static void expectMoment(
            Ops ops, AdamW optimizer, Tensor parameter, Tensor gradient, double factor) {
        FloatBuffer moment = ops.host().floats(optimizer.state(parameter).get(Moments.FIRST));
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
    void eightBitMoments_takeAQuarterOfTheMemory() {
        Fixture.onCpu(
                ops -> {
                    Shape large = Shape.of(64, 256);
                    assertThat(stateBytes(ops, large, SETTINGS)).isEqualTo(2 * 4 * large.numel());
                    assertThat(stateBytes(ops, large, SETTINGS.withEightBitMoments(true)))
                            .isEqualTo(2 * (large.numel() + 4 * large.numel() / 256));
                });
    }

    @Test
    void eightBitMoments_ofSmallParameters_stayInF32() {
        Fixture.onCpu(
                ops -> {
                    Shape small = Shape.of(4095);
                    assertThat(stateBytes(ops, small, SETTINGS.withEightBitMoments(true)))
                            .isEqualTo(2 * 4 * small.numel());
                });
    }

    private static long stateBytes(Ops ops, Shape shape, AdamWSettings settings) {
        Tensor parameter = ops.training().zeros(DType.F32, shape);
        long before = ops.device().memory().stats().scratchBytes();
        try (AdamW optimizer = new AdamW(ops, List.of(parameter), settings, 1)) {
            return ops.device().memory().stats().scratchBytes() - before;
        }
    }

    /**
     * Parameters from -2 to 2 on their way to 1 with noisy gradients: where they are after a while,
     * against F32 moments.
     */
    @Test
    void eightBitMoments_leadToTheSamePlace() {
        Fixture.onCpu(
                ops -> {
                    float[] exact = descend(ops, SETTINGS);
                    float[] rounded = descend(ops, SETTINGS.withEightBitMoments(true));
                    double difference = 0;
                    double way = 0;
                    for (int i = 0; i < exact.length; i++) {
                        difference += Math.pow(exact[i] - rounded[i], 2);
                        way += Math.pow(exact[i] - start(i), 2);
                    }
                    assertThat(difference).isPositive();
                    // each step is off by the rounding of its moments, at most half a gap between
                    // values: 7 % of a number in its block's top decade; signs are random
                    assertThat(Math.sqrt(difference / way)).isLessThan(0.07);
                });
    }

    private static float start(int i) {
        return (i % 401) / 100f - 2;
    }

    private static float[] descend(Ops ops, AdamWSettings settings) {
        float[] values = new float[8192];
        for (int i = 0; i < values.length; i++) {
            values[i] = start(i);
        }
        Tensor parameter = ops.host().floats(Shape.of(values.length), values);
        try (AdamW optimizer = new AdamW(ops, List.of(parameter), settings, 1e6f)) {
            for (int step = 0; step < 50; step++) {
                FloatBuffer now = ops.host().floats(parameter);
                FloatBuffer noise = new SeededNoise(step).normal(values.length);
                for (int i = 0; i < values.length; i++) {
                    noise.put(i, 2 * (now.get(i) - 1) + noise.get(i));
                }
                Tensor gradient = ops.host().floats(parameter.shape(), noise);
                optimizer.step(p -> gradient, RATE);
            }
        }
        ops.host().floats(parameter).get(values);
        return values;
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
