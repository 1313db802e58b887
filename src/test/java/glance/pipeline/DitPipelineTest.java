package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import glance.api.Lora;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.fixtures.TinyDit;
import glance.io.Config;
import glance.io.ModelFolder;
import glance.io.Weights;
import glance.model.TokenGrid;
import glance.model.dit.DitConfig;
import glance.model.dit.DitTransformer;
import glance.model.transformer.Modulation;
import glance.ops.Ops;
import glance.schedule.SeededNoise;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DitPipelineTest {
    private static final int CHANNELS = 4;
    private static final int SIDE = 8;
    private static final int PIXELS = SIDE * SIDE;

    @TempDir private static Path folder;

    @BeforeAll
    static void write() {
        TinyDit.in(folder);
    }

    private static int[] pixels(String prompt, List<Lora> loras) {
        return Runs.pixels(folder, prompt, "glance", loras);
    }

    @Test
    void run_className_isThePictureOfItsNumber() {
        int[] tench = pixels("tench", List.of());
        assertThat(tench).hasSize(16 * 16);
        assertThat(pixels("0", List.of())).isEqualTo(tench);
        assertThat(pixels("goldfish", List.of())).isNotEqualTo(tench);
    }

    @Test
    void run_unknownClass_isRefusedByName() {
        assertThatThrownBy(() -> pixels("gold", List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("class 'gold'")
                .hasMessageContaining("goldfish");
    }

    @Test
    void run_adapterOfOnePhase_changesThePicture() {
        Path file = TinyDit.in(folder).adapter("transformer_blocks.0.attn1.to_q", 32, 32);
        int[] with = pixels("tench", List.of(Lora.parse(file.toString()).on("slow")));
        assertThat(with).isNotEqualTo(pixels("tench", List.of()));
    }

    @Test
    void run_isDdimWithGuidanceOnThreeChannels() {
        Fixture.onCpu(
                ops -> {
                    Settings request = Runs.request(folder, "crane", "uniform-5", 1, List.of());
                    float[] got = Runs.latents(ops, request, folder);
                    float[] want = packed(ddim(ops, 2, 5, request.guidance().scale()));
                    double largest = 0;
                    for (float value : want) {
                        largest = Math.max(largest, Math.abs(value));
                    }
                    for (int i = 0; i < want.length; i++) {
                        assertThat(got[i]).isCloseTo(want[i], within((float) (2e-5 * largest)));
                    }
                });
    }

    @Test
    void forecast_isThatOfARun() {
        Fixture.onCpu(
                ops -> {
                    MemoryForecast forecast =
                            MemoryForecast.of(ops.device(), ModelFolder.open(folder));
                    assertThat(forecast.parts())
                            .extracting(MemoryForecast.Part::name)
                            .contains("transformer", "autoencoder");
                    assertThat(forecast.largest().bytes()).isPositive();
                });
    }

    /** The published sampler, step by step in x = sqrt(abar) data + sqrt(1 - abar) noise. */
    private static double[] ddim(Ops ops, int label, int steps, double guidance) {
        double[] signal = new double[1000];
        double product = 1;
        for (int t = 0; t < signal.length; t++) {
            product *= 1 - (1e-4 + t * (0.02 - 1e-4) / 999);
            signal[t] = product;
        }
        double[] x = new double[CHANNELS * PIXELS];
        FloatBuffer noise = new SeededNoise(7).normal(x.length);
        for (int i = 0; i < x.length; i++) {
            x[i] = noise.get(i);
        }
        Path home = folder.resolve("transformer");
        DitConfig config = DitConfig.of(Config.read(home.resolve("config.json")));
        try (Weights weights = Weights.open(home);
                DitTransformer transformer = new DitTransformer(ops, config, weights)) {
            for (int t = 1000 - 1000 / steps; t >= 0; t -= 1000 / steps) {
                double now = signal[t];
                double next = t < 1000 / steps ? 1 : signal[t - 1000 / steps];
                double[] with = noise(ops, transformer, x, t, label);
                double[] without = noise(ops, transformer, x, t, 3);
                for (int i = 0; i < x.length; i++) {
                    boolean guided = i / PIXELS < 3;
                    double eps = guided ? without[i] + guidance * (with[i] - without[i]) : with[i];
                    double data = (x[i] - Math.sqrt(1 - now) * eps) / Math.sqrt(now);
                    x[i] = Math.sqrt(next) * data + Math.sqrt(1 - next) * eps;
                }
            }
        }
        return x;
    }

    /** The noise predicted in latents [channels, side, side]. */
    private static double[] noise(
            Ops ops, DitTransformer transformer, double[] x, int timestep, int label) {
        int tokens = PIXELS / 4;
        Tensor latents = ops.host().floats(Shape.of(1, tokens, 4 * CHANNELS), packed(x));
        Modulation modulation =
                transformer.modulation(ops, new float[] {timestep}, new int[] {label});
        Tensor predicted =
                transformer.noise(
                        ops,
                        latents,
                        modulation,
                        transformer.positions(ops, new TokenGrid(SIDE / 2, SIDE / 2)));
        FloatBuffer values =
                ops.host().floats(ops.contiguous(predicted.narrow(2, 0, 4 * CHANNELS)));
        double[] result = new double[x.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = values.get(place(i));
        }
        return result;
    }

    private static float[] packed(double[] x) {
        float[] result = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            result[place(i)] = (float) x[i];
        }
        return result;
    }

    /** Where element i of [channels, side, side] lies among tokens of 2 x 2 pixels. */
    private static int place(int i) {
        int channel = i / PIXELS;
        int row = i % PIXELS / SIDE;
        int column = i % SIDE;
        int token = row / 2 * (SIDE / 2) + column / 2;
        return token * 4 * CHANNELS + channel * 4 + row % 2 * 2 + column % 2;
    }
}
