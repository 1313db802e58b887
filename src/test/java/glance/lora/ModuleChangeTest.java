package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.junit.jupiter.api.Test;

/** What a layer computes with is the weight that the definition of each kind gives. */
class ModuleChangeTest {
    private static final int OUT = 13;
    private static final int IN = 17;

    private final Random random = new Random(5);
    private final HostTensor weight = Matrices.tensor(random, OUT, IN);
    private final HostTensor bias = vector();

    private HostTensor vector() {
        return HostFloats.tensor(
                DType.F32, Shape.of(OUT), HostFloats.read(Matrices.tensor(random, OUT, 1)));
    }

    private static Update plain(int rank) {
        return Update.of(Matrices.pair(rank, IN, OUT, 2, rank));
    }

    private Update dora(int rank) {
        return new Update(plain(rank).pair(), null, vector(), null);
    }

    private Update whole() {
        return new Update(
                null, new FullRank.Difference(Matrices.tensor(random, OUT, IN)), null, vector());
    }

    /** {@code W' - W} of one part at its strength, by its definition in float64. */
    private DMatrixRMaj change(LoraMerge.Part part) {
        DMatrixRMaj w = Matrices.matrix(weight);
        DMatrixRMaj change = new DMatrixRMaj(OUT, IN);
        Update update = part.update();
        if (update.pair() != null) {
            CommonOps_DDRM.addEquals(change, part.strength(), Matrices.update(update.pair()));
        }
        if (update.magnitude() != null) {
            float[] magnitude = HostFloats.read(update.magnitude());
            DMatrixRMaj sum = CommonOps_DDRM.add(w, change, null);
            for (int o = 0; o < OUT; o++) {
                double length = 0;
                for (int i = 0; i < IN; i++) {
                    length += sum.get(o, i) * sum.get(o, i);
                }
                for (int i = 0; i < IN; i++) {
                    double row = magnitude[o] * sum.get(o, i) / Math.sqrt(length);
                    change.set(o, i, row - w.get(o, i));
                }
            }
        }
        if (update.full() != null) {
            for (int o = 0; o < OUT; o++) {
                float[] row = new float[IN];
                update.full().addRow(o, part.strength(), row);
                for (int i = 0; i < IN; i++) {
                    change.add(o, i, row[i]);
                }
            }
        }
        return change;
    }

    /** {@code c * (W' + sum s B A)} and c * bias', as {@link glance.nn.Linear} computes. */
    private void check(LoraMerge.Part... parts) {
        ModuleChange change = ModuleChange.of("m", weight, bias, List.of(parts));
        List<Float> strengths = new ArrayList<>();
        for (LoraMerge.Part part : parts) {
            if (part.update().pair() != null) {
                strengths.add(part.strength());
            }
        }
        DMatrixRMaj got = Matrices.matrix(change.weight() == null ? weight : change.weight());
        for (int i = 0; i < strengths.size(); i++) {
            CommonOps_DDRM.addEquals(got, strengths.get(i), Matrices.update(change.pairs().get(i)));
        }
        float[] gotBias = HostFloats.read(change.bias() == null ? bias : change.bias());
        for (int o = 0; o < OUT && change.rowScale() != null; o++) {
            gotBias[o] *= change.rowScale()[o];
            for (int i = 0; i < IN; i++) {
                got.set(o, i, got.get(o, i) * change.rowScale()[o]);
            }
        }
        DMatrixRMaj want = Matrices.matrix(weight);
        float[] wantBias = HostFloats.read(bias);
        for (LoraMerge.Part part : parts) {
            CommonOps_DDRM.addEquals(want, change(part));
            if (part.update().bias() != null) {
                float[] added = HostFloats.read(part.update().bias());
                for (int o = 0; o < OUT; o++) {
                    wantBias[o] += part.strength() * added[o];
                }
            }
        }
        assertThat(Matrices.distance(got, want)).isLessThan(1e-6);
        for (int o = 0; o < OUT; o++) {
            assertThat(gotBias[o]).isCloseTo(wantBias[o], within(1e-5f));
        }
        DMatrixRMaj merged =
                Matrices.matrix(LoraMerge.merge("m", weight, List.of(parts), DType.F32).weight());
        assertThat(Matrices.distance(merged, want)).isLessThan(1e-6);
    }

    @Test
    void oneDora_keepsItsMatrices() {
        Update dora = dora(4);
        check(new LoraMerge.Part(dora, 1));
        check(new LoraMerge.Part(dora, -0.3f));
        ModuleChange change =
                ModuleChange.of("m", weight, bias, List.of(new LoraMerge.Part(dora, 0.5f)));
        assertThat(change.pairs()).containsExactly(dora.pair());
        assertThat(change.weight()).isNull();
    }

    @Test
    void severalKinds_addWhatEachWouldChangeAlone() {
        check(new LoraMerge.Part(dora(4), 0.7f), new LoraMerge.Part(plain(3), 1.5f));
        check(new LoraMerge.Part(dora(2), 1), new LoraMerge.Part(dora(5), 0.4f));
        check(
                new LoraMerge.Part(plain(3), -1),
                new LoraMerge.Part(whole(), 0.5f),
                new LoraMerge.Part(dora(4), 1));
    }

    @Test
    void wholeDifference_changesWeightAndBias() {
        check(new LoraMerge.Part(whole(), 0.25f));
    }

    /** A row of length 0 leaves the bias alone. */
    @Test
    void doraOfZeroLength_keepsTheBiasFinite() {
        float[] lengths = new float[OUT];
        lengths[3] = 1;
        HostTensor magnitude = HostFloats.tensor(DType.F32, Shape.of(OUT), lengths);
        check(new LoraMerge.Part(new Update(plain(3).pair(), null, magnitude, null), 1));
    }

    @Test
    void hadamardAndKronecker_areTheirProducts() {
        HostTensor a1 = Matrices.tensor(random, 6, 2);
        HostTensor b1 = Matrices.tensor(random, 2, 8);
        HostTensor a2 = Matrices.tensor(random, 6, 3);
        HostTensor b2 = Matrices.tensor(random, 3, 8);
        DMatrixRMaj loha =
                CommonOps_DDRM.elementMult(
                        CommonOps_DDRM.mult(Matrices.matrix(a1), Matrices.matrix(b1), null),
                        CommonOps_DDRM.mult(Matrices.matrix(a2), Matrices.matrix(b2), null),
                        null);
        CommonOps_DDRM.scale(0.5, loha);
        assertThat(Matrices.distance(rows(new FullRank.Hadamard(a1, b1, a2, b2, 0.5f)), loha))
                .isLessThan(1e-6);

        HostTensor w1 = Matrices.tensor(random, 2, 4);
        DMatrixRMaj w2 = CommonOps_DDRM.mult(Matrices.matrix(a1), Matrices.matrix(b1), null);
        DMatrixRMaj lokr = CommonOps_DDRM.kron(Matrices.matrix(w1), w2, null);
        FullRank kronecker = new FullRank.Kronecker(List.of(w1), List.of(a1, b1), 1);
        assertThat(Matrices.distance(rows(kronecker), lokr)).isLessThan(1e-6);

        FullRank some = kronecker.rows(List.of(new KeyMap.Rows(7, 2), new KeyMap.Rows(0, 1)));
        assertThat(some.shape()).isEqualTo(Shape.of(3, 32));
        assertThat(Matrices.distance(rows(some), picked(lokr, 7, 8, 0))).isLessThan(1e-6);
    }

    private static DMatrixRMaj rows(FullRank full) {
        DMatrixRMaj matrix = new DMatrixRMaj(full.shape().dim(0), full.shape().dim(1));
        for (int o = 0; o < matrix.numRows; o++) {
            float[] row = new float[matrix.numCols];
            full.addRow(o, 1, row);
            for (int i = 0; i < row.length; i++) {
                matrix.set(o, i, row[i]);
            }
        }
        return matrix;
    }

    private static DMatrixRMaj picked(DMatrixRMaj matrix, int... rows) {
        DMatrixRMaj picked = new DMatrixRMaj(rows.length, matrix.numCols);
        for (int o = 0; o < rows.length; o++) {
            for (int i = 0; i < matrix.numCols; i++) {
                picked.set(o, i, matrix.get(rows[o], i));
            }
        }
        return picked;
    }
}
