package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.DeviceException;
import glance.backend.KernelTable;
import glance.op.Epilogue;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which kernel computes what. The emulated GPU has 4 multiprocessors. */
class LinearVariantsTest {
    private EmulatedGpu gpu;

    @BeforeEach
    void open() {
        gpu = EmulatedGpu.open();
    }

    @AfterEach
    void close() {
        if (gpu != null) {
            gpu.close();
        }
    }

    private KernelTable kernels(DType computeType, Map<String, String> chosen) {
        KernelTable table = new KernelTable();
        Launcher launcher = gpu.launcher(computeType);
        new CudaVariants(chosen).addTo(table, launcher, new SumKernels(launcher));
        return table;
    }

    private Op.Linear linear(Tensor x) {
        return linear(x, x.dtype());
    }

    private Op.Linear linear(Tensor x, DType type) {
        Tensor weight = gpu.tensor(type, 8, x.dim(2));
        Tensor out = gpu.tensor(x.dtype(), x.dim(0), x.dim(1), 8);
        return new Op.Linear(x, weight, null, null, Epilogue.none(), out);
    }

    @ParameterizedTest
    @CsvSource({"4, 64, rows", "5, 64, mma", "5, 8, mma", "5, 12, plain", "5, 65, plain"})
    void bf16_takesTensorCoresForMoreThanAFewRowsOfWholeChunks(int rows, int in, String expected) {
        Tensor x = gpu.tensor(DType.BF16, 1, rows, in);
        assertThat(kernels(DType.BF16, Map.of()).variant(linear(x))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "F8_E4M3, 64, 48, few",
        "F8_E4M3, 65, 48, narrow",
        "F8_E4M3, 65, 40, mma",
        "F8_E5M2, 65, 48, mma",
        "I8, 1, 16, few",
        "I8, 65, 16, narrow",
        "Q4_K, 1, 256, few",
        "Q4_0, 64, 256, few",
        "Q4_0, 4, 288, rows",
        "Q8_0, 65, 256, mma",
        "Q4_0, 65, 256, blocks",
        "Q4_K, 65, 512, blocks",
        "Q4_0, 65, 288, mma",
        "Q6_K, 5, 256, mma"
    })
    void weightsOfFewBits_areReadAsTheyAre(DType type, int rows, int in, String expected) {
        Tensor x = gpu.tensor(DType.BF16, 1, rows, in);
        assertThat(kernels(DType.BF16, Map.of()).variant(linear(x, type))).isEqualTo(expected);
    }

    /**
     * The emulated GPU has 4 multiprocessors, so that two tiles of 128 x 128 occupy half of them.
     */
    @ParameterizedTest
    @CsvSource({"128, mma", "129, wgmma"})
    void hopper_takesItsOwnKernelWhereHalfOfItIsOccupied(int rows, String expected) {
        Tensor x = gpu.tensor(DType.BF16, 1, rows, 64);
        assertThat(kernels(DType.BF16, Map.of()).variant(linear(x))).isEqualTo(expected);
        KernelTable chosen = kernels(DType.BF16, Map.of("linear", "wgmma"));
        assertThat(chosen.variant(linear(x))).isEqualTo("wgmma");
        KernelTable single = kernels(DType.BF16, Map.of("linear", "wgmma_single"));
        assertThat(single.variant(linear(x))).isEqualTo("wgmma_single");
    }

    /** Likewise. */
    @ParameterizedTest
    @CsvSource({
        "F8_E4M3, 128, 48, narrow",
        "F8_E4M3, 129, 48, narrow_wgmma",
        "I8, 129, 16, narrow_wgmma",
        "I8, 129, 24, wgmma",
        "Q8_0, 129, 256, narrow_wgmma",
        "Q4_0, 129, 512, narrow_wgmma",
        "Q4_K, 129, 256, narrow_wgmma",
        "Q4_0, 129, 288, wgmma",
        "Q6_K, 129, 256, wgmma"
    })
    void hopper_readsWeightsOfFewBitsAsTheyAre(DType type, int rows, int in, String expected) {
        Tensor x = gpu.tensor(DType.BF16, 1, rows, in);
        assertThat(kernels(DType.BF16, Map.of()).variant(linear(x, type))).isEqualTo(expected);
    }

    /** It rounds activations: what nobody asked for must not happen, whatever comes before it. */
    @ParameterizedTest
    @CsvSource({"1, 16", "64, 48", "65, 16", "65, 48", "129, 48", "600, 272", "65, 40"})
    void w8a8_isNeverChosenByItself(int rows, int in) {
        Tensor x = gpu.tensor(DType.BF16, 1, rows, in);
        Op.Linear op = linear(x, DType.F8_E4M3);
        for (String first : kernels(DType.BF16, Map.of()).variants(Op.Linear.class)) {
            boolean asked = first.equals("w8a8");
            String taken = kernels(DType.BF16, Map.of("linear", first)).variant(op);
            boolean takes = asked && rows > 64 && in % 16 == 0;
            assertThat(taken.equals("w8a8")).as("%s for %s", taken, first).isEqualTo(takes);
        }
        assertThat(kernels(DType.BF16, Map.of()).variant(op)).isNotEqualTo("w8a8");
        LinearW8A8 alone = new LinearW8A8(gpu.launcher(DType.BF16), false);
        assertThat(alone.refuses(op)).isEqualTo("activations that nobody asked to round to 8 bits");
    }

    @ParameterizedTest
    @CsvSource({"BF16, F8_E5M2", "BF16, I8", "BF16, BF16", "F32, F8_E4M3"})
    void w8a8_isForBf16AndE4m3Alone(DType computeType, DType weight) {
        Tensor x = gpu.tensor(computeType, 1, 65, 64);
        KernelTable chosen = kernels(computeType, Map.of("linear", "w8a8"));
        assertThat(chosen.variant(linear(x, weight))).isNotEqualTo("w8a8");
    }

    /** Samples that interleave are not for Hopper's own kernels. */
    @ParameterizedTest
    @CsvSource({"512, blocks", "513, mma"})
    void blocks_areExpandedForManyRowsWhereTensorCoresAreFast(int rows, String expected) {
        Tensor x = gpu.tensor(DType.BF16, rows, 2, 256).permute(1, 0, 2);
        assertThat(kernels(DType.BF16, Map.of()).variant(linear(x, DType.Q4_K)))
                .isEqualTo(expected);
        assertThat(kernels(DType.BF16, Map.of("linear", "blocks")).variant(linear(x, DType.Q4_K)))
                .isEqualTo("blocks");
    }

    @Test
    void samplesThatInterleave_areNotForTensorMaps() {
        Tensor x = gpu.tensor(DType.BF16, 300, 2, 64).permute(1, 0, 2);
        assertThat(kernels(DType.BF16, Map.of("linear", "wgmma")).variant(linear(x)))
                .isEqualTo("mma");
    }

    @Test
    void f32_neverTakesTensorCores() {
        Tensor x = gpu.tensor(DType.F32, 1, 100, 64);
        assertThat(kernels(DType.F32, Map.of()).variant(linear(x))).isEqualTo("plain");
    }

    @Test
    void misalignedColumns_takePlainArithmetic() {
        Tensor wide = gpu.tensor(DType.BF16, 1, 100, 72);
        KernelTable kernels = kernels(DType.BF16, Map.of());
        assertThat(kernels.variant(linear(wide.narrow(2, 8, 64)))).isEqualTo("mma");
        assertThat(kernels.variant(linear(wide.narrow(2, 4, 64)))).isEqualTo("plain");
    }

    @Test
    void chosenVariant_computesWhateverItTakes() {
        KernelTable plain = kernels(DType.BF16, Map.of("linear", "plain"));
        assertThat(plain.variant(linear(gpu.tensor(DType.BF16, 1, 100, 64)))).isEqualTo("plain");
        assertThat(plain.variant(linear(gpu.tensor(DType.BF16, 1, 2, 64)))).isEqualTo("plain");
        KernelTable mma = kernels(DType.BF16, Map.of("linear", "mma"));
        assertThat(mma.variant(linear(gpu.tensor(DType.BF16, 1, 2, 64)))).isEqualTo("mma");
        assertThat(mma.variant(linear(gpu.tensor(DType.BF16, 1, 100, 65)))).isEqualTo("plain");
    }

    @Test
    void unknownChoices_areRefusedWithTheKnownOnes() {
        assertThatThrownBy(() -> kernels(DType.BF16, Map.of("linear", "fast")))
                .isInstanceOf(DeviceException.class)
                .hasMessage(
                        "linear has no variant 'fast'; it has few, rows, narrow_wgmma, narrow,"
                                + " blocks, wgmma, mma, plain, wgmma_single, w8a8, cublas");
        assertThatThrownBy(() -> kernels(DType.BF16, Map.of("lora", "mma")))
                .isInstanceOf(DeviceException.class)
                .hasMessage(
                        "no operation 'lora' has variants; those that have are attention,"
                                + " attention_grad, conv2d, linear, linear_grad");
    }

    @ParameterizedTest
    @CsvSource({"130, 136, 128", "128, 385, 128", "128, 384, 64", "10000, 64, 64", "1, 1, 64"})
    void tile_isLargeIfThatOccupiesAllMultiprocessors(int rows, int columns, int expected) {
        MmaTile tile = MmaTile.fitting(gpu.launcher(DType.BF16), "linear_mma", rows, columns);
        assertThat(tile.size()).isEqualTo(expected);
    }
}
