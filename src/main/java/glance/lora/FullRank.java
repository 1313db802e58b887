package glance.lora;

import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.lora.KeyMap.Rows;
import glance.tensor.Shape;
import java.util.List;

/**
 * What an adapter adds to a weight [out, in] when that is no product of two narrow matrices. It is
 * computed row by row.
 */
public sealed interface FullRank {
    /** [out, in]; in is 1 for a vector. */
    Shape shape();

    /** {@code sum += scale * row} for a row of the addition. */
    void addRow(int row, float scale, float[] sum);

    /** What the kind is called. */
    String kind();

    /** Some of its rows. */
    default FullRank rows(List<Rows> rows) {
        int count = rows.stream().mapToInt(Rows::count).sum();
        return rows.equals(List.of(new Rows(0, shape().dim(0))))
                ? this
                : new Some(this, rows, count);
    }

    /**
     * LoHa: {@code scale (w1a w1b) o (w2a w2b)}, element by element. Hyeon-Woo et al., FedPara,
     * arXiv 2108.06098, proposition 1; as LyCORIS writes it.
     *
     * @param w1a [out, rank]
     * @param w1b [rank, in]
     */
    record Hadamard(HostTensor w1a, HostTensor w1b, HostTensor w2a, HostTensor w2b, float scale)
            implements FullRank {
        @Override
        public Shape shape() {
            return Shape.of(w1a.shape().dim(0), w1b.shape().dim(1));
        }

        @Override
        public void addRow(int row, float times, float[] sum) {
            float[] first = product(w1a, w1b, row);
            float[] second = product(w2a, w2b, row);
            for (int i = 0; i < sum.length; i++) {
                sum[i] += times * scale * (first[i] * second[i]);
            }
        }

        @Override
        public String kind() {
            return "LoHa";
        }
    }

    /**
     * LoKr: {@code scale kron(w1, w2)}, where a factor may itself be a product. Edalati et al.,
     * KronA, arXiv 2212.10650; as LyCORIS writes it.
     *
     * @param w1 [out1, in1], or a and b of its product
     * @param w2 [out2, in2], or a and b of its product
     */
    record Kronecker(List<HostTensor> w1, List<HostTensor> w2, float scale) implements FullRank {
        @Override
        public Shape shape() {
            return Shape.of(out(w1) * out(w2), in(w1) * in(w2));
        }

        @Override
        public void addRow(int row, float times, float[] sum) {
            float[] first = factorRow(w1, row / out(w2));
            float[] second = factorRow(w2, row % out(w2));
            for (int i = 0; i < first.length; i++) {
                float f = times * scale * first[i];
                for (int j = 0; j < second.length; j++) {
                    sum[i * second.length + j] += f * second[j];
                }
            }
        }

        private static int out(List<HostTensor> factor) {
            return factor.get(0).shape().dim(0);
        }

        private static int in(List<HostTensor> factor) {
            return factor.get(factor.size() - 1).shape().dim(1);
        }

        private static float[] factorRow(List<HostTensor> factor, int row) {
            return factor.size() == 1
                    ? row(factor.get(0), row)
                    : product(factor.get(0), factor.get(1), row);
        }

        @Override
        public String kind() {
            return "LoKr";
        }
    }

    /** The addition itself, of any shape that starts with out. */
    record Difference(HostTensor values) implements FullRank {
        @Override
        public Shape shape() {
            return Update.matrix(values.shape());
        }

        @Override
        public void addRow(int row, float scale, float[] sum) {
            float[] values = row(this.values, row);
            for (int i = 0; i < sum.length; i++) {
                sum[i] += scale * values[i];
            }
        }

        @Override
        public String kind() {
            return "whole weights";
        }
    }

    /** Some rows of another. */
    record Some(FullRank all, List<Rows> rows, int count) implements FullRank {
        @Override
        public Shape shape() {
            return all.shape().with(0, count);
        }

        @Override
        public void addRow(int row, float scale, float[] sum) {
            int left = row;
            for (Rows range : rows) {
                if (left < range.count()) {
                    all.addRow(range.begin() + left, scale, sum);
                    return;
                }
                left -= range.count();
            }
            throw new IndexOutOfBoundsException("row " + row + " of " + count);
        }

        @Override
        public String kind() {
            return all.kind();
        }
    }

    private static float[] row(HostTensor matrix, int row) {
        int in = Math.toIntExact(matrix.shape().numel() / matrix.shape().dim(0));
        float[] values = new float[in];
        HostFloats.read(matrix.dtype(), matrix.data(), row * in, values);
        return values;
    }

    /** A row of {@code a b}. */
    private static float[] product(HostTensor a, HostTensor b, int row) {
        float[] factors = row(a, row);
        float[] sum = new float[b.shape().dim(1)];
        for (int r = 0; r < factors.length; r++) {
            float[] values = row(b, r);
            for (int i = 0; i < sum.length; i++) {
                sum[i] += factors[r] * values[i];
            }
        }
        return sum;
    }
}
