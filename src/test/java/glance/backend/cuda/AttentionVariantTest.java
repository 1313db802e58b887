package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import glance.tensor.DType;
import glance.tensor.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which kernel computes which attention. The emulated GPU has 4 multiprocessors. */
class AttentionVariantTest {
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

    @ParameterizedTest
    @CsvSource({"8, MMA", "72, MMA", "128, MMA", "20, PLAIN", "136, WIDE", "140, PLAIN"})
    void bf16_takesTensorCoresForHeadsOfWholeChunks(int headDim, AttentionVariant expected) {
        Tensor q = gpu.tensor(DType.BF16, 1, 5, 2, headDim);
        assertThat(AttentionVariant.of(gpu.launcher(DType.BF16), 1, q)).isEqualTo(expected);
    }

    @Test
    void f32_neverTakesTensorCores() {
        Tensor q = gpu.tensor(DType.F32, 1, 5, 2, 64);
        assertThat(AttentionVariant.of(gpu.launcher(DType.F32), 1, q))
                .isEqualTo(AttentionVariant.PLAIN);
    }

    @Test
    void oneMisalignedOperand_takesPlainArithmetic() {
        Launcher launcher = gpu.launcher(DType.BF16);
        Tensor q = gpu.tensor(DType.BF16, 1, 5, 2, 64);
        Tensor joint = gpu.tensor(DType.BF16, 1, 5, 2, 72);
        assertThat(AttentionVariant.of(launcher, 1, q, joint.narrow(3, 8, 64)))
                .isEqualTo(AttentionVariant.MMA);
        assertThat(AttentionVariant.of(launcher, 1, q, joint.narrow(3, 4, 64)))
                .isEqualTo(AttentionVariant.PLAIN);
    }

    @ParameterizedTest
    @CsvSource({"0.125, MMA", "0, PLAIN", "-1, PLAIN"})
    void scaleThatDoesNotKeepTheOrderOfScores_takesPlainArithmetic(
            float scale, AttentionVariant expected) {
        Tensor q = gpu.tensor(DType.BF16, 1, 5, 2, 64);
        assertThat(AttentionVariant.of(gpu.launcher(DType.BF16), scale, q)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"128, 4, 128", "129, 2, 128", "128, 3, 64", "1, 1, 64"})
    void tile_isLargeIfThatOccupiesAllMultiprocessors(int seqLen, int heads, int expected) {
        Tensor q = gpu.tensor(DType.BF16, 1, seqLen, heads, 64);
        assertThat(AttentionMma.queries(gpu.launcher(DType.BF16), q)).isEqualTo(expected);
    }
}
