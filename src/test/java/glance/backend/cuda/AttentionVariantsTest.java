package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import glance.backend.KernelTable;
import glance.op.AttentionMask;
import glance.op.Op;
import glance.op.TrainingOp;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which kernel computes which attention. The emulated GPU has 4 multiprocessors. */
class AttentionVariantsTest {
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

    private String variant(DType computeType, float scale, Tensor q, Tensor k) {
        return variant(computeType, scale, q, k, Map.of());
    }

    private String variant(
            DType computeType, float scale, Tensor q, Tensor k, Map<String, String> chosen) {
        KernelTable table = new KernelTable();
        Launcher launcher = gpu.launcher(computeType);
        new CudaVariants(chosen).addTo(table, launcher, new SumKernels(launcher));
        return table.variant(
                new Op.Attention(
                        q,
                        k,
                        k,
                        scale,
                        AttentionMask.none(),
                        null,
                        gpu.tensor(q.dtype(), q.shape().dims())));
    }

    @ParameterizedTest
    @CsvSource({"8, mma", "72, mma", "128, mma", "20, plain", "136, wide", "140, plain"})
    void bf16_takesTensorCoresForHeadsOfWholeChunks(int headDim, String expected) {
        Tensor q = gpu.tensor(DType.BF16, 1, 5, 1, headDim);
        assertThat(variant(DType.BF16, 1, q, q)).isEqualTo(expected);
    }

    /**
     * The emulated GPU has 4 multiprocessors, so that two tiles of 128 queries occupy half of them.
     */
    @ParameterizedTest
    @CsvSource({"1, 128, 1, mma", "1, 129, 1, wgmma", "1, 5, 2, wgmma", "2, 1, 1, wgmma"})
    void hopper_takesItsOwnKernelWhereHalfOfItIsOccupied(
            int batch, int seqLen, int heads, String expected) {
        Tensor q = gpu.tensor(DType.BF16, batch, seqLen, heads, 64);
        assertThat(variant(DType.BF16, 1, q, q)).isEqualTo(expected);
        assertThat(variant(DType.BF16, 1, q, q, Map.of("attention", "mma"))).isEqualTo("mma");
        for (String chosen : List.of("wgmma", "wgmma_single")) {
            assertThat(variant(DType.BF16, 1, q, q, Map.of("attention", chosen))).isEqualTo(chosen);
        }
    }

    private String gradients(Tensor q, Tensor k, Map<String, String> chosen) {
        KernelTable table = new KernelTable();
        Launcher launcher = gpu.launcher(DType.BF16);
        new CudaVariants(chosen).addTo(table, launcher, new SumKernels(launcher));
        Tensor out = gpu.tensor(q.dtype(), q.shape().dims());
        Tensor lse = gpu.tensor(DType.F32, q.dim(0), q.dim(2), q.dim(1));
        Op.Attention forward = new Op.Attention(q, k, k, 1, AttentionMask.none(), lse, out);
        return table.variant(
                new TrainingOp.AttentionGrad(
                        forward,
                        out,
                        out,
                        gpu.tensor(k.dtype(), k.shape().dims()),
                        gpu.tensor(k.dtype(), k.shape().dims())));
    }

    /** Both kernels need two tiles of 128 rows, one over the queries and one over the keys. */
    @ParameterizedTest
    @CsvSource({
        "129, 129, 1, 1, wgmma",
        "128, 129, 1, 1, mma",
        "129, 128, 1, 1, mma",
        "5, 5, 2, 2, wgmma",
        "5, 128, 2, 1, mma",
        "5, 129, 2, 1, wgmma"
    })
    void gradients_takeHoppersKernelsWhereHalfOfItIsOccupied(
            int seqLen, int keyLen, int heads, int kvHeads, String expected) {
        Tensor q = gpu.tensor(DType.BF16, 1, seqLen, heads, 72);
        Tensor k = gpu.tensor(DType.BF16, 1, keyLen, kvHeads, 72);
        assertThat(gradients(q, k, Map.of())).isEqualTo(expected);
        assertThat(gradients(q, k, Map.of("attention_grad", "mma"))).isEqualTo("mma");
        assertThat(gradients(q, k, Map.of("attention_grad", "wgmma"))).isEqualTo("wgmma");
    }

    @Test
    void gradientsOfHeadsThatDoNotLieWithinRows_areNotForTensorMaps() {
        Tensor q = gpu.tensor(DType.BF16, 2, 5, 3, 64);
        Tensor headsFirst = gpu.tensor(DType.BF16, 2, 3, 5, 64).permute(0, 2, 1, 3);
        Map<String, String> wgmma = Map.of("attention_grad", "wgmma");
        assertThat(gradients(q, q, wgmma)).isEqualTo("wgmma");
        assertThat(gradients(q, headsFirst, wgmma)).isEqualTo("mma");
    }

    @Test
    void headsThatDoNotLieWithinRows_areNotForTensorMaps() {
        Tensor q = gpu.tensor(DType.BF16, 2, 5, 3, 64);
        assertThat(variant(DType.BF16, 1, q, q)).isEqualTo("wgmma");
        Tensor joint = gpu.tensor(DType.BF16, 2, 5, 3, 192).narrow(3, 64, 64);
        assertThat(variant(DType.BF16, 1, q, joint)).isEqualTo("wgmma");
        Tensor headsFirst = gpu.tensor(DType.BF16, 2, 3, 5, 64).permute(0, 2, 1, 3);
        assertThat(variant(DType.BF16, 1, q, headsFirst)).isEqualTo("mma");
        Tensor samplesWithin = gpu.tensor(DType.BF16, 5, 2, 3, 64).permute(1, 0, 2, 3);
        assertThat(variant(DType.BF16, 1, q, samplesWithin)).isEqualTo("mma");
        assertThat(HeadTiles.refuses(q, headsFirst))
                .isEqualTo("heads that do not lie within rows, and rows within samples");
    }

    @Test
    void f32_neverTakesTensorCores() {
        Tensor q = gpu.tensor(DType.F32, 1, 5, 2, 64);
        assertThat(variant(DType.F32, 1, q, q)).isEqualTo("plain");
    }

    @Test
    void oneMisalignedOperand_takesPlainArithmetic() {
        Tensor q = gpu.tensor(DType.BF16, 1, 5, 1, 64);
        Tensor joint = gpu.tensor(DType.BF16, 1, 5, 1, 72);
        assertThat(variant(DType.BF16, 1, q, joint.narrow(3, 8, 64))).isEqualTo("mma");
        assertThat(variant(DType.BF16, 1, q, joint.narrow(3, 4, 64))).isEqualTo("plain");
    }

    @ParameterizedTest
    @CsvSource({"0.125, mma", "0, plain", "-1, plain"})
    void scaleThatDoesNotKeepTheOrderOfScores_takesPlainArithmetic(float scale, String expected) {
        Tensor q = gpu.tensor(DType.BF16, 1, 5, 1, 64);
        assertThat(variant(DType.BF16, scale, q, q)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"128, 4, 128", "129, 2, 128", "128, 3, 64", "1, 1, 64"})
    void tile_isLargeIfThatOccupiesAllMultiprocessors(int seqLen, int heads, int expected) {
        Tensor q = gpu.tensor(DType.BF16, 1, seqLen, heads, 64);
        assertThat(AttentionMma.queries(gpu.launcher(DType.BF16), q)).isEqualTo(expected);
    }
}
