package glance.ops.parity;

import glance.formula.LinearGradFormula;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.op.TrainingOp;
import glance.ops.TrainingOps;
import glance.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** {@link TrainingOps#linear}: the gradient towards x. */
final class LinearInputCases {
    private static final float LORA_SCALE = 0.5f;

    private LinearInputCases() {}

    static Stream<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (DType dtype : List.of(DType.F32, DType.F16, DType.BF16)) {
            cases.add(linearInput(dtype, 0, 2, 7, 33, 31));
            cases.add(linearInput(dtype, 4, 2, 7, 33, 31));
        }
        for (int size : Sizes.edges()) {
            cases.add(linearInput(DType.F32, 3, 1, 5, size, 19));
            cases.add(linearInput(DType.F32, 3, 1, 5, 19, size));
        }
        cases.add(linearInput(DType.F32, 17, 1, 1, 1, 1));
        // what the tensor core kernels take, around the edges of their tiles and slices
        for (int rank : new int[] {0, 4, 32, 128}) {
            cases.add(linearInput(DType.BF16, rank, 2, 65, 136, 72));
            cases.add(linearInput(DType.BF16, rank, 1, 65, 72, 40));
        }
        for (int size : new int[] {8, 32, 64, 72}) {
            cases.add(linearInput(DType.BF16, 16, 2, 5, size, 136));
            cases.add(linearInput(DType.BF16, 16, 2, 5, 136, size));
        }
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<OpCase> large() {
        return Stream.of(linearInput(DType.BF16, 8, 2, 113, 203, 257));
    }

    private static OpCase linearInput(
            DType dtype, int rank, int batch, int seqLen, int in, int out) {
        return new OpCase(
                String.format(
                        "linearInput [%d, %d, %d] to %d %s rank %d",
                        batch, seqLen, out, in, dtype, rank),
                inputs -> {
                    Operand x = inputs.activation(batch, seqLen, in);
                    Operand dy = inputs.activation(batch, seqLen, out);
                    Operand weight = inputs.weight(dtype, out, in);
                    Operand a = rank == 0 ? null : inputs.weight(DType.F32, rank, in);
                    Operand b = rank == 0 ? null : inputs.weight(DType.F32, out, rank);
                    // where in is even, each rank has a scale of its own
                    boolean scaled = rank > 0 && in % 2 == 0;
                    Operand scales = scaled ? inputs.weight(DType.F32, rank) : null;
                    LowRank lora =
                            rank == 0
                                    ? null
                                    : new LowRank(
                                            a.tensor(),
                                            b.tensor(),
                                            LORA_SCALE,
                                            Operand.tensorOf(scales));
                    Op.Linear forward =
                            new Op.Linear(
                                    x.tensor(),
                                    weight.tensor(),
                                    null,
                                    lora,
                                    Epilogue.none(),
                                    dy.tensor());
                    TrainingOp.LinearGrad op =
                            new TrainingOp.LinearGrad(forward, dy.tensor(), x.tensor(), null, null);
                    return Trial.of(
                            () ->
                                    inputs.ops()
                                            .training()
                                            .linear(forward, dy.tensor(), true, false)
                                            .x(),
                            LinearGradFormula.x(op, Operand.values(dy, weight, a, b, scales)),
                            batch,
                            seqLen,
                            in);
                });
    }
}
