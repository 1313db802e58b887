package glance.ops.parity;

import glance.formula.LinearGradFormula;
import glance.formula.Values;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.op.TrainingOp;
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
                    Op.Linear forward =
                            new Op.Linear(
                                    x.tensor(),
                                    weight.tensor(),
                                    null,
                                    lora,
                                    Epilogue.none(),
                                    dy.tensor());
                    TrainingOp.LinearGrad op =
                            new TrainingOp.LinearGrad(
                                    forward, dy.tensor(), null, a.tensor(), b.tensor());
                    Values values = Operand.values(x, dy, a, b, scales);
                    return Trial.of(
                            () -> {
                                TrainingOps.LinearGradients gradients =
                                        inputs.ops()
                                                .training()
                                                .linear(forward, dy.tensor(), !down, true);
                                return down ? gradients.a() : gradients.b();
                            },
                            down
                                    ? LinearGradFormula.a(op, values)
                                    : LinearGradFormula.b(op, values),
                            down ? rank : out,
                            down ? in : rank);
                });
    }
}
