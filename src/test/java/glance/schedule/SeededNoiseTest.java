package glance.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.io.SafetensorsFile;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SeededNoiseTest {
    private static final Path CASE =
            Path.of(System.getProperty("glance.fixtures"), "seeded-noise", "case.safetensors");

    /**
     * The tolerance of the case: PyTorch's vector ln, sin and cos are good to a few float32 ulp.
     */
    private static final double TOLERANCE = 2e-6;

    @ParameterizedTest
    @CsvSource({
        "0, 5", "0, 16", "0, 100", "0, 4099",
        "42, 5", "42, 16", "42, 100", "42, 4099",
        "1099511627783, 5", "1099511627783, 16", "1099511627783, 100", "1099511627783, 4099"
    })
    void normal_twoDraws_equalTorch(long seed, int n) {
        SeededNoise noise = new SeededNoise(seed);
        try (SafetensorsFile file = SafetensorsFile.open(CASE)) {
            for (String draw : new String[] {"first", "second"}) {
                String name = "out." + seed + "." + n + "." + draw;
                FloatBuffer want = file.data(name).asFloatBuffer();
                FloatBuffer got = noise.normal(n);
                assertThat(got.remaining()).isEqualTo(n);
                assertThat(relativeError(got, want)).as(name).isLessThanOrEqualTo(TOLERANCE);
            }
        }
    }

    @Test
    void normal_seedsWithEqualLowerHalf_areTheSameNoise() {
        long seed = 7 + (3L << 32);
        assertThat(new SeededNoise(seed).normal(33)).isEqualTo(new SeededNoise(7).normal(33));
        assertThat(new SeededNoise(8).normal(33)).isNotEqualTo(new SeededNoise(7).normal(33));
    }

    @Test
    void normal_emptyOrNegative() {
        assertThat(new SeededNoise(0).normal(0).remaining()).isZero();
        assertThatThrownBy(() -> new SeededNoise(0).normal(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1");
    }

    private static double relativeError(FloatBuffer got, FloatBuffer want) {
        double error = 0;
        double scale = 0;
        for (int i = 0; i < want.limit(); i++) {
            error = Math.max(error, Math.abs((double) got.get(i) - want.get(i)));
            scale = Math.max(scale, Math.abs(want.get(i)));
        }
        return error / scale;
    }
}
