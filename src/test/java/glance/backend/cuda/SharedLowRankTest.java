package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.io.Weights;
import glance.model.transformer.DualStreamBlock;
import glance.model.transformer.Modulation;
import glance.model.transformer.SingleStreamBlock;
import glance.nn.Linear;
import glance.nn.Parameters;
import glance.op.Addition;
import glance.op.AttentionMask;
import glance.op.LowRank;
import glance.op.Rope;
import glance.ops.Adapter;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a block with an adapter on every layer launches for it: S of layers that read the same x is
 * one launch.
 */
class SharedLowRankTest {
    private static final int HEADS = 2;
    private static final int HEAD_DIM = 16;
    private static final int DIM = HEADS * HEAD_DIM;
    private static final int TEXT = 8;
    private static final int IMAGE = 24;
    private static final int RANK = 8;
    private static final DualStreamBlock.Names NAMES =
            new DualStreamBlock.Names("img_mod.1", "txt_mod.1", "img_mlp", "txt_mlp");

    private final Random random = new Random(1);
    private int samples;

    @BeforeEach
    void needsTheEmulator() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
    }

    /**
     * q, k, v and the MLP read one x; the last layer reads what came of them. On Hopper launches of
     * the products make S.
     */
    @ParameterizedTest
    @CsvSource({"mma, 2", "wgmma, 0"})
    void singleBlock_makesSOfFourLayersAtOnce_andThatOfTheLast(String variant, int launches) {
        assertThat(
                        lowRankLaunches(
                                variant,
                                1,
                                (ops, p) -> {
                                    SingleStreamBlock block =
                                            new SingleStreamBlock(HEADS, HEAD_DIM, p);
                                    Tensor modulation = floats(ops, 1, 3 * DIM);
                                    return () ->
                                            SingleStreamBlock.all(
                                                    ops,
                                                    List.of(block),
                                                    floats(ops, 1, TEXT + IMAGE, DIM),
                                                    List.of(modulation),
                                                    rope(ops));
                                }))
                .isEqualTo(launches);
    }

    /** For each stream q, k and v together, the output of the attention, and both of the MLP. */
    @ParameterizedTest
    @CsvSource({"mma, 8", "wgmma, 0"})
    void dualBlock_makesSOfThreeLayersAtOnce(String variant, int launches) {
        assertThat(lowRankLaunches(variant, 1, this::dual)).isEqualTo(launches);
    }

    @Test
    void dualBlock_ofPicturesWithAdaptersOfTheirOwn_makesSOfAllAtOnce() {
        assertThat(lowRankLaunches("mma", 2, this::dual)).isEqualTo(8);
    }

    /** On Hopper each share of a product is a launch, and makes its part of S. */
    @Test
    void dualBlock_ofPicturesWithAdaptersOfTheirOwn_onHopper_makesSInLaunchesOfProducts() {
        assertThat(lowRankLaunches("wgmma", 2, this::dual)).isZero();
    }

    private Runnable dual(Ops ops, Parameters p) {
        DualStreamBlock block = new DualStreamBlock(HEADS, HEAD_DIM, NAMES, p);
        Tensor vector = floats(ops, 1, 6 * DIM);
        Modulation modulation = new Modulation(List.of(vector), List.of(vector), List.of(), null);
        return () ->
                DualStreamBlock.all(
                        ops,
                        List.of(block),
                        new DualStreamBlock.Hidden(
                                floats(ops, samples, IMAGE, DIM), floats(ops, samples, TEXT, DIM)),
                        modulation,
                        AttentionMask.none(),
                        rope(ops));
    }

    /** How often S was made, in a pass of a batch whose samples have adapters of their own. */
    private int lowRankLaunches(
            String variant, int batch, BiFunction<Ops, Parameters, Runnable> build) {
        samples = batch;
        CountingDriver counting = new CountingDriver(new EmulatedDriver(), Set.of());
        DeviceInfo info = new DeviceInfo("cuda-emulated", "counted", 1L << 33, null);
        DeviceOptions options = new DeviceOptions(0, Precision.BF16).variant("linear", variant);
        try (CudaDevice device = new CudaDevice(info, counting.driver(), options);
                Ops ops = new Ops(device);
                Weights weights = Weights.random(Path.of("random"), DType.BF16);
                Parameters p = new Parameters(ops, weights, "Block")) {
            Runnable pass = build.apply(ops, p.in(0));
            List<Adapter> adapters =
                    Stream.generate(() -> onEveryLayer(ops, p.linears())).limit(batch).toList();
            counting.takeLaunches();
            ops.under(
                    Adapter.ofBatch(adapters),
                    () -> {
                        pass.run();
                        return null;
                    });
            Map<String, Integer> launches = counting.takeLaunches();
            assertThat(launches.keySet()).anyMatch(name -> name.startsWith("linear_" + variant));
            return launches.getOrDefault("low_rank_mma_bf16", 0);
        }
    }

    private Adapter onEveryLayer(Ops ops, Map<String, Linear> linears) {
        Map<String, Addition> additions = new HashMap<>();
        linears.forEach(
                (name, linear) ->
                        additions.put(
                                name,
                                new LowRank(
                                        bf16(ops, RANK, linear.shape().dim(1)),
                                        bf16(ops, linear.shape().dim(0), RANK),
                                        1)));
        return additions::get;
    }

    private Tensor bf16(Ops ops, int... dims) {
        return ops.contiguous(ops.add(floats(ops, dims), floats(ops, 1)));
    }

    private Tensor floats(Ops ops, int... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[Math.toIntExact(shape.numel())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return ops.host().floats(shape, values);
    }

    private Rope rope(Ops ops) {
        return new Rope(
                floats(ops, TEXT + IMAGE, HEAD_DIM / 2),
                floats(ops, TEXT + IMAGE, HEAD_DIM / 2),
                Rope.Pairing.INTERLEAVED);
    }
}
