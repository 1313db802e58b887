package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.tensor.Shape;
import java.util.Map;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.junit.jupiter.api.Test;

/** Against the updates themselves, as whole matrices; modules are [4, 6]. */
class LoraFusionTest {
    private static final int OUT = 4;
    private static final int IN = 6;
    private static final Map<String, Shape> MODULES =
            Map.of("q", Shape.of(OUT, IN), "k", Shape.of(OUT, IN), "norm", Shape.of(OUT, IN));
    private static final FusedNames NAMES =
            new FusedNames(MODULES).add("qk", "q", "k").addSwapped("adaLN", "norm");

    @Test
    void differentFactors_becomeBlocksOfOneAdapter() {
        LoraPair q = Matrices.pair(2, IN, OUT, 6, 1);
        LoraPair k = Matrices.pair(3, IN, OUT, 1, 2);
        LoraPair qk = LoraFusion.rename(Map.of("q", q, "k", k), NAMES.names()).get("qk");
        assertThat(qk.rank()).isEqualTo(5);
        assertThat(qk.alpha()).isEqualTo(5);
        DMatrixRMaj want = CommonOps_DDRM.concatRowsMulti(Matrices.update(q), Matrices.update(k));
        assertThat(Matrices.distance(Matrices.update(qk), want)).isLessThan(1e-6);
    }

    @Test
    void sharedDownMatrix_keepsItsRankAndAlpha() {
        LoraPair q = Matrices.pair(2, IN, OUT, 6, 1);
        LoraPair k = new LoraPair(q.a(), Matrices.pair(2, IN, OUT, 6, 2).b(), 6);
        LoraPair qk = LoraFusion.rename(Map.of("q", q, "k", k), NAMES.names()).get("qk");
        assertThat(qk.rank()).isEqualTo(2);
        assertThat(qk.alpha()).isEqualTo(6);
        DMatrixRMaj want = CommonOps_DDRM.concatRowsMulti(Matrices.update(q), Matrices.update(k));
        assertThat(Matrices.distance(Matrices.update(qk), want)).isLessThan(1e-6);
    }

    @Test
    void partWithoutAdapter_hasRowsOfZero() {
        LoraPair k = Matrices.pair(3, IN, OUT, 1, 2);
        LoraPair qk = LoraFusion.rename(Map.of("k", k), NAMES.names()).get("qk");
        DMatrixRMaj want =
                CommonOps_DDRM.concatRowsMulti(new DMatrixRMaj(OUT, IN), Matrices.update(k));
        assertThat(Matrices.distance(Matrices.update(qk), want)).isLessThan(1e-6);
    }

    @Test
    void swappedHalves_changePlaces() {
        LoraPair norm = Matrices.pair(2, IN, OUT, 3, 3);
        LoraPair swapped = LoraFusion.rename(Map.of("norm", norm), NAMES.names()).get("adaLN");
        DMatrixRMaj update = Matrices.update(norm);
        DMatrixRMaj want =
                CommonOps_DDRM.concatRowsMulti(
                        CommonOps_DDRM.extract(update, OUT / 2, OUT, 0, IN),
                        CommonOps_DDRM.extract(update, 0, OUT / 2, 0, IN));
        assertThat(Matrices.distance(Matrices.update(swapped), want)).isLessThan(1e-6);
    }

    @Test
    void moduleWithoutAName_isRefused() {
        LoraPair pair = Matrices.pair(2, IN, OUT, 3, 3);
        assertThatThrownBy(() -> LoraFusion.rename(Map.of("other", pair), NAMES.names()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("these files have no name for other");
    }
}
