package glance.backend.cuda;

import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.tensor.Tensor;

/**
 * Launches attention.cu, plain arithmetic of any head dimension and alignment: a block for each
 * tile of queries of a head.
 */
final class AttentionPlain implements Variant<Op.Attention> {
    private static final String FILE = "attention";

    private final Launcher launcher;

    AttentionPlain(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public String name() {
        return "plain";
    }

    @Override
    public String refuses(Op.Attention op) {
        int headDim = op.q().dim(3);
        return keyTile(headDim) > 0 ? null : "headDim " + headDim + " needs too much shared memory";
    }

    @Override
    public void run(Op.Attention op) {
        try (Operands operands = launcher.operands()) {
            Tensor q = operands.activation(op.q());
            Tensor k = operands.activation(op.k());
            Tensor v = operands.activation(op.v());
            launch(op, q, k, v, operands.parameter(op.mask().bias()));
        }
    }

    private void launch(Op.Attention op, Tensor q, Tensor k, Tensor v, Tensor bias) {
        int queries = launcher.constant(FILE, "attention_queries");
        int keyTile = keyTile(q.dim(3));
        launcher.launch(
                FILE,
                FILE + launcher.suffix(),
                Grid.of(Grid.blocks(q.dim(1), queries), q.dim(2), q.dim(0)),
                sharedBytes(queries, keyTile, q.dim(3)),
                AttentionArguments.sizes(
                                AttentionArguments.scores(
                                                AttentionArguments.heads(q, k, v),
                                                op.scale(),
                                                op.mask(),
                                                bias)
                                        .pointer(Launcher.address(op.lse()))
                                        .pointer(Launcher.address(op.out())),
                                q,
                                k)
                        .i32(keyTile));
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
