package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Projection;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products of a norm's result in 8 bits: who rounds it, how often, and to which bits. */
class RoundedNormTest {
    private static final float EPS = 1e-6f;

    private final Random random = new Random(1);
    private CountingDriver counting;
    private CudaDevice device;
    private Ops ops;

    @BeforeEach
    void open() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        open("w8a8");
    }

    private void open(String variant) {
        counting = new CountingDriver(new EmulatedDriver(), Set.of());
        DeviceInfo info = new DeviceInfo("cuda-emulated", "counted", 1L << 33, null);
        device =
                new CudaDevice(
                        info,
                        counting.driver(),
                        new DeviceOptions(0, Precision.BF16).variant("linear", variant));
        ops = new Ops(device);
    }

    @AfterEach
    void close() {
        if (ops != null) {
            ops.close();
            device.close();
        }
    }

    /** Rows held by fewer lanes than a warp, by 1 to 24 runs a lane, and rows that are not held. */
    @ParameterizedTest
    @CsvSource({"16", "96", "256", "272", "1040", "2064", "3072", "4096", "6144", "6160"})
    void normRoundsItsResult_asAPassOfItsOwnWould_toTheBit(int dim) {
        List<Projection> projections =
                List.of(projection(dim, 24, 8), projection(dim, 40, 0), projection(dim, 8, 16));
        for (int batch : new int[] {1, 2}) {
            Tensor x = floats(batch, 67, dim);
            Tensor scale = bf16(floats(1, dim));
            Tensor shift = bf16(floats(batch, dim));
            counting.takeLaunches();
            List<Tensor> together = ops.modulatedLinears(x, scale, shift, EPS, projections);
            Map<String, Integer> launches = counting.takeLaunches();
            boolean held = dim <= 6144;
            assertThat(launches.keySet().stream().filter(name -> name.startsWith("layer_norm")))
                    .hasSize(1)
                    .allMatch(name -> name.startsWith("layer_norm_rounded") == held);
            assertThat(launches.getOrDefault("quantise_rows_bf16", 0)).isEqualTo(held ? 0 : 1);

            List<Tensor> apart =
                    ops.linears(ops.layerNormModulate(x, scale, shift, EPS), projections);
            assertThat(counting.takeLaunches()).containsEntry("quantise_rows_bf16", 1);
            for (int i = 0; i < projections.size(); i++) {
                assertThat(bytes(together.get(i))).isEqualTo(bytes(apart.get(i)));
            }
        }
    }

    /** Alone each product rounds x for itself. */
    @Test
    void productsOfOneX_haveItRoundedOnce_andTheBitsThatEachHasAlone() {
        Tensor x = bf16(floats(2, 67, 96));
        List<Projection> projections =
                List.of(projection(96, 24, 8), projection(96, 40, 0), projection(96, 8, 16));
        counting.takeLaunches();
        List<Tensor> together = ops.linears(x, projections);
        assertThat(counting.takeLaunches()).containsEntry("quantise_rows_bf16", 1);
        for (int i = 0; i < projections.size(); i++) {
            Projection one = projections.get(i);
            Tensor alone = ops.linear(x, one.weight(), one.bias(), one.lora(), one.epilogue());
            assertThat(counting.takeLaunches()).containsEntry("quantise_rows_bf16", 1);
            assertThat(bytes(together.get(i))).isEqualTo(bytes(alone));
        }
    }

    @Test
    void norm_whoseProductsReadBf16_roundsNothing() {
        close();
        open("wgmma");
        counting.takeLaunches();
        ops.modulatedLinears(
                floats(1, 67, 96),
                floats(1, 96),
                floats(1, 96),
                EPS,
                List.of(projection(96, 8, 0)));
        assertThat(counting.takeLaunches().keySet())
                .contains("linear_wgmma_128_bf16")
                .noneMatch(name -> name.contains("round") || name.contains("quantise"));
    }

    private Projection projection(int in, int out, int rank) {
        ByteBuffer stored = ByteBuffer.allocateDirect(in * out);
        while (stored.hasRemaining()) {
            stored.put((byte) (0x20 + random.nextInt(0x20) | random.nextInt(2) << 7));
        }
        Tensor weight = device.memory().adopt(DType.F8_E4M3, Shape.of(out, in), stored.flip());
        LowRank lora =
                rank == 0 ? null : new LowRank(bf16(floats(rank, in)), bf16(floats(out, rank)), 1);
        return new Projection(weight, floats(out), lora, Epilogue.none());
    }

    private Tensor bf16(Tensor x) {
        return ops.contiguous(ops.add(x, floats(1)));
    }

    private byte[] bytes(Tensor tensor) {
        ByteBuffer read = ops.host().bytes(tensor);
        byte[] bytes = new byte[read.remaining()];
        read.get(bytes);
        return bytes;
    }

    private Tensor floats(int... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[Math.toIntExact(shape.numel())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return ops.host().floats(shape, values);
    }
}
