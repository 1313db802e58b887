package glance.autograd;

import glance.formula.Arithmetic;
import glance.formula.LinearFormula;
import glance.op.Activation;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.ops.parity.HostArray;
import java.util.ArrayList;
import java.util.List;

/** {@code Op.Linear}, with adapter and with epilogue. */
final class LinearGradients {
    private static final Arithmetic EXACT = Arithmetic.exact();

    /** Tiles are 4, 6 or 14 rows and 16 or 32 columns; the rest is one off, prime, or one. */
    private static final int[][] LINEARS = {
        // batch, seqLen, in, out, rank
        {1, 1, 1, 1, 1}, {1, 13, 15, 17, 2}, {2, 14, 32, 33, 4}, {1, 113, 31, 29, 5}
    };

    private final List<GradientCase> cases = new ArrayList<>();

    static List<GradientCase> all() {
        LinearGradients table = new LinearGradients();
        table.linears();
        return table.cases;
    }

    private void linears() {
        for (int[] s : LINEARS) {
            linear(s[0], s[1], s[2], s[3], s[4]);
        }
        epilogue(2, 5, 7, 6);
    }

    private void linear(int batch, int seqLen, int in, int out, int rank) {
        cases.add(
                new GradientCase(
                        "linear [%d, %d, %d] to %d, rank %d"
                                .formatted(batch, seqLen, in, out, rank),
                        Op.Linear.class,
                        List.of(
                                new int[] {batch, seqLen, in},
                                new int[] {rank, in},
                                new int[] {out, rank}),
                        batch * seqLen + in + out,
                        (ops, x, c) ->
                                ops.linear(
                                        x.get(0),
                                        c.on(ops, "w", out, in),
                                        c.on(ops, "bias", out),
                                        new LowRank(x.get(1), x.get(2), 0.5f),
                                        Epilogue.none()),
                        (x, c) ->
                                HostArray.of(
                                        LinearFormula.product(
                                                        in, out, x.get(0), c.host("w", out, in))
                                                .plus(c.host("bias", out))
                                                .with(
                                                        new LinearFormula.Factors(
                                                                rank, x.get(1), x.get(2), 0.5,
                                                                null))
                                                .in(EXACT),
                                        batch,
                                        seqLen,
                                        out)));
    }

    /** A fused epilogue; one gate for both samples. */
    private void epilogue(int batch, int seqLen, int in, int out) {
        cases.add(
                new GradientCase(
                        "linear with activation, gate and residual",
                        Op.Linear.class,
                        List.of(
                                new int[] {batch, seqLen, in},
                                new int[] {1, out},
                                new int[] {batch, seqLen, out}),
                        batch * seqLen + in + out,
                        (ops, x, c) ->
                                ops.linear(
                                        x.get(0),
                                        c.on(ops, "w", out, in),
                                        null,
                                        null,
                                        new Epilogue(Activation.GELU_TANH, x.get(1), x.get(2))),
                        (x, c) ->
                                HostArray.of(
                                        LinearFormula.product(
                                                        in, out, x.get(0), c.host("w", out, in))
                                                .then(
                                                        Activation.GELU_TANH,
                                                        x.get(1),
                                                        batch * seqLen,
                                                        x.get(2))
                                                .in(EXACT),
                                        batch,
                                        seqLen,
                                        out)));
    }
}
