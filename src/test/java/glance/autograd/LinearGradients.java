package glance.autograd;

import glance.op.Activation;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import java.util.List;
import java.util.stream.Stream;

/** {@code Op.Linear}, with adapter and with epilogue. */
final class LinearGradients {
    private LinearGradients() {}

    /** Tiles are 4, 6 or 14 rows and 16 or 32 columns; the rest is one off, prime, or one. */
    static Stream<GradientCase> all() {
        return Stream.of(
                linear(1, 1, 1, 1, 1),
                linear(1, 13, 15, 17, 2),
                linear(2, 14, 32, 33, 4),
                linear(1, 113, 31, 29, 5),
                epilogue(2, 5, 7, 6));
    }

    private static GradientCase linear(int batch, int seqLen, int in, int out, int rank) {
        return new GradientCase(
                "linear [%d, %d, %d] to %d, rank %d".formatted(batch, seqLen, in, out, rank),
                Op.Linear.class,
                List.of(new int[] {batch, seqLen, in}, new int[] {rank, in}, new int[] {out, rank}),
                batch * seqLen + in + out,
                (a, x) ->
                        a.ops()
                                .linear(
                                        x.get(0),
                                        a.floats(out, in),
                                        a.floats(out),
                                        new LowRank(x.get(1), x.get(2), 0.5f),
                                        Epilogue.none()));
    }

    /** A fused epilogue; one gate for both samples. */
    private static GradientCase epilogue(int batch, int seqLen, int in, int out) {
        return new GradientCase(
                "linear with activation, gate and residual",
                Op.Linear.class,
                List.of(
                        new int[] {batch, seqLen, in},
                        new int[] {1, out},
                        new int[] {batch, seqLen, out}),
                batch * seqLen + in + out,
                (a, x) ->
                        a.ops()
                                .linear(
                                        x.get(0),
                                        a.floats(out, in),
                                        null,
                                        null,
                                        new Epilogue(Activation.GELU_TANH, x.get(1), x.get(2))));
    }
}
