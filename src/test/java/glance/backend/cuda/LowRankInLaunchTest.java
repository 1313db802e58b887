package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.backend.Replay;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * On Hopper the launch of a product makes S of its adapter, and of others that read the same x. The
 * emulated GPU has 4 multiprocessors.
 */
class LowRankInLaunchTest {
    private static final String LOW_RANK = "low_rank_mma_bf16";

    private final Random random = new Random(1);

    @BeforeEach
    void needsTheEmulator() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
    }

    /** Tiles of S before those of the results take no wave more, and S is not launched. */
    @ParameterizedTest
    @CsvSource({
        "1, 70, 72, 1300, 16", // 11 tiles of 128 columns, and one of S
        "1, 100, 136, 1600, 20", // 7 tiles of 256 columns
        "1, 260, 72, 1300, 128", // an odd number of bands
        "2, 70, 72, 520, 33", // samples that do not fill their tiles
        "1, 130, 40, 520, 1",
        "1, 70, 200, 1032, 130", // two tiles of S for a band
        "1, 260, 40, 1300, 16 16 16",
        "1, 130, 72, 520, 32 20 4",
        "2, 70, 72, 520, 16 8 1 8",
        "1, 70, 136, 1032, 40 1 64" // two tiles of S again
    })
    void productsOnHopper_makeSInTheirLaunch_withTheBitsOfSMadeBefore(
            int batch, int seqLen, int in, int out, String ranks) {
        List<List<ByteBuffer>> launched = results("wgmma", batch, seqLen, in, out, ranks, 0);
        assertThat(launched.get(0)).as("of a second launch").isEqualTo(launched.get(1));
        assertThat(launched.get(0)).as("of a graph").isEqualTo(launched.get(2));
        assertThat(launched.get(0)).as("of its second run").isEqualTo(launched.get(3));
        List<List<ByteBuffer>> before = results("mma", batch, seqLen, in, out, ranks, 1);
        assertThat(launched.get(0)).isEqualTo(before.get(0));
    }

    @ParameterizedTest
    @CsvSource({
        "1, 260, 72, 776, 16", // a wave more
        "1, 70, 72, 1300, 8 8 8 8 8" // more products than a launch makes S of
    })
    void otherProducts_haveSMadeBefore(int batch, int seqLen, int in, int out, String ranks) {
        List<List<ByteBuffer>> launched = results("wgmma", batch, seqLen, in, out, ranks, 1);
        assertThat(launched.get(0)).isEqualTo(launched.get(3));
        List<List<ByteBuffer>> before = results("mma", batch, seqLen, in, out, ranks, 1);
        assertThat(launched.get(0)).isEqualTo(before.get(0));
    }

    /** Results of the products of one x: launched twice, then captured, then as a graph. */
    private List<List<ByteBuffer>> results(
            String variant, int batch, int seqLen, int in, int out, String ranks, int lowLaunches) {
        random.setSeed(1);
        CountingDriver counting = new CountingDriver(new EmulatedDriver(), Set.of());
        DeviceInfo info = new DeviceInfo("cuda-emulated", "counted", 1L << 33, null);
        DeviceOptions options = new DeviceOptions(0, Precision.BF16).variant("linear", variant);
        try (CudaDevice device = new CudaDevice(info, counting.driver(), options);
                Ops ops = new Ops(device)) {
            // rows of a wider tensor, and of a longer one if there are samples
            Tensor x =
                    bf16(ops, batch, seqLen + batch - 1, in + 8)
                            .narrow(1, 0, seqLen)
                            .narrow(2, 8, in);
            List<Op.Linear> products = new ArrayList<>();
            for (String rank : ranks.split(" ")) {
                LowRank lora = lora(ops, in, out, Integer.parseInt(rank));
                Tensor result = ops.empty(DType.BF16, Shape.of(batch, seqLen, out));
                products.add(
                        new Op.Linear(x, bf16(ops, out, in), null, lora, Epilogue.none(), result));
            }
            Op op = products.size() == 1 ? products.get(0) : new Op.Linears(products);
            List<List<ByteBuffer>> results = new ArrayList<>();
            counting.takeLaunches();
            for (int run = 0; run < 2; run++) {
                ops.run(op);
                Map<String, Integer> launches = counting.takeLaunches();
                assertThat(launches.getOrDefault(LOW_RANK, 0)).isEqualTo(lowLaunches);
                results.add(read(ops, products));
            }
            try (Replay replay = device.replay(() -> device.kernels().run(op))) {
                for (int run = 0; run < 2; run++) {
                    replay.run();
                    results.add(read(ops, products));
                }
            }
            return results;
        }
    }

    private static List<ByteBuffer> read(Ops ops, List<Op.Linear> products) {
        return products.stream().map(product -> ops.host().bytes(product.out())).toList();
    }

    private LowRank lora(Ops ops, int in, int out, int rank) {
        Tensor scales = rank % 2 == 0 ? floats(ops, rank) : null;
        return new LowRank(bf16(ops, rank, in), bf16(ops, out, rank), 0.7f, scales);
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
}
