package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import glance.backend.KernelTable;
import glance.op.AttentionMask;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Tensor;
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
        KernelTable table = new KernelTable();
        Launcher launcher = gpu.launcher(computeType);
        new CudaVariants(Map.of()).addTo(table, launcher, new SumKernels(launcher));
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
        Tensor q = gpu.tensor(DType.BF16, 1, 5, 2, headDim);
        assertThat(variant(DType.BF16, 1, q, q)).isEqualTo(expected);
    }

    @Test
    void f32_neverTakesTensorCores() {
        Tensor q = gpu.tensor(DType.F32, 1, 5, 2, 64);
        assertThat(variant(DType.F32, 1, q, q)).isEqualTo("plain");
    }

    @Test
    void oneMisalignedOperand_takesPlainArithmetic() {
        Tensor q = gpu.tensor(DType.BF16, 1, 5, 2, 64);
        Tensor joint = gpu.tensor(DType.BF16, 1, 5, 2, 72);
        assertThat(variant(DType.BF16, 1, q, joint.narrow(3, 8, 64))).isEqualTo("mma");
        assertThat(variant(DType.BF16, 1, q, joint.narrow(3, 4, 64))).isEqualTo("plain");
    }

    @ParameterizedTest
    @CsvSource({"0.125, mma", "0, plain", "-1, plain"})
    void scaleThatDoesNotKeepTheOrderOfScores_takesPlainArithmetic(float scale, String expected) {
        Tensor q = gpu.tensor(DType.BF16, 1, 5, 2, 64);
        assertThat(variant(DType.BF16, scale, q, q)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"128, 4, 128", "129, 2, 128", "128, 3, 64", "1, 1, 64"})
    void tile_isLargeIfThatOccupiesAllMultiprocessors(int seqLen, int heads, int expected) {
        Tensor q = gpu.tensor(DType.BF16, 1, seqLen, heads, 64);
        assertThat(AttentionMma.queries(gpu.launcher(DType.BF16), q)).isEqualTo(expected);
    }
}
