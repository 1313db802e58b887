package glance.ops.parity;

import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.ops.TrainingOps;
import glance.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@link TrainingOps#linear}: the gradients towards the factors of the adapter, each a case of its
 * own; that towards a is found alone, that towards b beside that towards x.
 */
final class LowRankGradCases {
    private static final float LORA_SCALE = 0.5f;

    private LowRankGradCases() {}

    static Stream<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        both(cases, 1, 1, 1, 1, 1);
        both(cases, 2, 7, 33, 31, 3);
        for (int size : Sizes.edges()) {
            both(cases, 1, 5, size, 19, 3);
            both(cases, 1, 5, 19, size, 3);
        }
        // around the edges of the tensor core kernel's tiles
        for (int rank : new int[] {4, 16, 32, 33, 64, 65, 128, 129}) {
            both(cases, 1, 65, 40, 136, rank);
        }
        // more tokens than one part of the sum takes
        both(cases, 1, 513, 24, 16, 8);
        both(cases, 3, 347, 24, 16, 8);
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<OpCase> large() {
        List<OpCase> cases = new ArrayList<>();
        both(cases, 2, 113, 203, 257, 8);
        return cases.stream();
    }

    private static void both(List<OpCase> cases, int batch, int seqLen, int in, int out, int rank) {
        cases.add(toCase(true, batch, seqLen, in, out, rank));
        cases.add(toCase(false, batch, seqLen, in, out, rank));
    }

    private static OpCase toCase(boolean down, int batch, int seqLen, int in, int out, int rank) {
        return new OpCase(
                String.format(
                        "lowRank gradient of %s, [%d, %d, %d] to %d rank %d",
                        down ? "a" : "b", batch, seqLen, in, out, rank),
                inputs -> {
                    Operand x = inputs.activation(batch, seqLen, in);
                    Operand dy = inputs.activation(batch, seqLen, out);
                    Operand weight = inputs.weight(DType.BF16, out, in);
                    Operand a = inputs.weight(DType.F32, rank, in);
                    Operand b = inputs.weight(DType.F32, out, rank);
                    // where in is even, each rank has a scale of its own
                    Operand scales = in % 2 == 0 ? inputs.weight(DType.F32, rank) : null;
                    LowRank lora =
                            new LowRank(
                                    a.tensor(), b.tensor(), LORA_SCALE, Operand.tensorOf(scales));
                    return Trial.of(
                            () -> {
                                Op.Linear forward =
                                        new Op.Linear(
                                                x.tensor(),
                                                weight.tensor(),
                                                null,
                                                lora,
                                                Epilogue.none(),
                                                dy.tensor());
                                TrainingOps.LinearGradients gradients =
                                        inputs.ops()
                                                .training()
                                                .linear(forward, dy.tensor(), !down, true);
                                return down ? gradients.a() : gradients.b();
                            },
                            m -> {
                                int tokens = batch * seqLen;
                                HostArray rows = x.host().reshape(tokens, in).permute(1, 0);
                                HostArray dRows = dy.host().reshape(tokens, out).permute(1, 0);
                                return down
                                        ? down(m, rows, dRows, b.host(), Operand.hostOf(scales))
                                        : up(m, rows, dRows, a.host(), Operand.hostOf(scales));
                            });
                });
    }

    /** {@code (dy B diag(scales))^T (scale x)}; x [in, tokens], dy [out, tokens]. */
    private static HostArray down(
            Arithmetic m, HostArray x, HostArray dy, HostArray b, HostArray scales) {
        HostArray low = product(m, stored(m, b.permute(1, 0)), dy.permute(1, 0), 1);
        low = stored(m, scaled(m, low, scales));
        return product(m, low, x, LORA_SCALE);
    }

    /** {@code dy^T (scale x A^T diag(scales))}; x [in, tokens], dy [out, tokens]. */
    private static HostArray up(
            Arithmetic m, HostArray x, HostArray dy, HostArray a, HostArray scales) {
        HostArray low = product(m, stored(m, a), x.permute(1, 0), 1);
        low = stored(m, scaled(m, low, scales));
        return product(m, dy, low, LORA_SCALE);
    }

    /** Rows of low [rank, tokens] times their scales. */
    private static HostArray scaled(Arithmetic m, HostArray low, HostArray scales) {
        if (scales == null) {
            return low;
        }
        HostArray y = HostArray.zeros(low.dims());
        for (int i = 0; i < y.values().length; i++) {
            y.values()[i] = m.of(scales.get(i / low.dim(1)) * low.get(i));
        }
        return y;
    }

    /**
     * In the compute type: a result that a plain version would write to memory and read again, or
     * an F32 factor, since a product takes both of its sides in one type.
     */
    private static HostArray stored(Arithmetic m, HostArray x) {
        HostArray y = HostArray.zeros(x.dims());
        for (int i = 0; i < y.values().length; i++) {
            y.values()[i] = m.store(x.get(i));
        }
        return y;
    }

    /** {@code scale left right^T}. */
    private static HostArray product(Arithmetic m, HostArray left, HostArray right, double scale) {
        int depth = left.dim(1);
        HostArray y = HostArray.zeros(left.dim(0), right.dim(0));
        for (int i = 0; i < left.dim(0); i++) {
            for (int j = 0; j < right.dim(0); j++) {
                double sum = 0;
                for (int k = 0; k < depth; k++) {
                    sum = m.mulAdd(sum, left.get(i * depth + k), right.get(j * depth + k));
                }
                y.values()[i * right.dim(0) + j] = m.of(scale * sum);
            }
        }
        return y;
    }
}
