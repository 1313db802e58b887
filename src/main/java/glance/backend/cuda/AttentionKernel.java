package glance.backend.cuda;

import glance.backend.AttentionMask;
import glance.backend.Kernel;
import glance.backend.Op;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.tensor.Tensor;

/** Launches attention.cu: a block for each tile of queries of a head. */
final class AttentionKernel implements Kernel<Op.Attention> {
    private static final String FILE = "attention";

    private final Launcher launcher;

    AttentionKernel(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public String refuses(Op.Attention op) {
        int headDim = op.q().dim(3);
        return keyTile(headDim) > 0 ? null : "headDim " + headDim + " needs too much shared memory";
    }

    @Override
    public void run(Op.Attention op) {
        if (op.out().numel() == 0) {
            return;
        }
        try (Operands operands = launcher.operands()) {
            Tensor q = operands.activation(op.q());
            Tensor k = operands.activation(op.k());
            AttentionMask mask = op.mask();
            int queries = launcher.constant(FILE, "attention_queries");
            int headDim = q.dim(3);
            int keyTile = keyTile(headDim);
            Arguments arguments = new Arguments();
            heads(arguments, q);
            heads(arguments, k);
            heads(arguments, operands.activation(op.v()));
            launcher.launch(
                    FILE,
                    FILE + launcher.suffix(),
                    Grid.of(Grid.blocks(q.dim(1), queries), q.dim(2), q.dim(0)),
                    sharedBytes(queries, keyTile, headDim),
                    arguments
                            .f32(op.scale())
                            .i32(mask.causal() ? 1 : 0)
                            .i32(mask.prefix())
                            .pointer(Launcher.address(mask.lengths()))
                            .pointer(Launcher.address(operands.parameter(mask.bias())))
                            .pointer(Launcher.address(op.lse()))
                            .pointer(Launcher.address(op.out()))
                            .i32(q.dim(1))
                            .i32(k.dim(1))
                            .i32(q.dim(2))
                            .i32(k.dim(2))
                            .i32(headDim)
                            .i32(keyTile));
        }
    }

    private static void heads(Arguments arguments, Tensor x) {
        arguments.pointer(Launcher.address(x)).struct(x.stride(0), x.stride(1), x.stride(2));
    }

    /** Keys of a tile: as many as shared memory has room for, 0 if it has none. */
    private int keyTile(int headDim) {
        int queries = launcher.constant(FILE, "attention_queries");
        int keyTile = launcher.constant(FILE, "attention_key_tile");
        while (keyTile >= 8 && sharedBytes(queries, keyTile, headDim) > launcher.sharedBytes()) {
            keyTile /= 2;
        }
        return keyTile >= 8 ? keyTile : 0;
    }

    /** Queries, sums, a tile of keys or values, and weights, as attention.cu lays them out. */
    private static int sharedBytes(int queries, int keyTile, int headDim) {
        int floats = (2 * queries + keyTile) * (headDim + 1) + queries * (keyTile + 1);
        return Float.BYTES * floats;
    }
}
