package glance.backend.cuda;

import glance.backend.Op;
import glance.backend.cuda.driver.Grid;
import glance.tensor.Tensor;

/** Launches attention_mma.cu: a block for each tile of queries of a head. */
final class AttentionMma {
    private static final String FILE = "attention_mma";
    private static final int NARROW = 64;
    private static final int WIDE = 128;
    private static final int SMALL = 64;
    private static final int LARGE = 128;

    private final Launcher launcher;

    AttentionMma(Launcher launcher) {
        this.launcher = launcher;
    }

    /** q, k, v of the operation in bf16, aligned; bias in f32 or null. */
    void attention(Op.Attention op, Tensor q, Tensor k, Tensor v, Tensor bias) {
        int queries = queries(launcher, q);
        String tile = "attention_mma_h" + width(q.dim(3)) + "_q" + queries;
        launcher.launch(
                FILE,
                tile + launcher.suffix(),
                Grid.of(Grid.blocks(q.dim(1), queries), q.dim(2), q.dim(0)),
                launcher.constant(FILE, tile + "_shared"),
                AttentionArguments.sizes(
                        AttentionArguments.scores(
                                        AttentionArguments.heads(q, k, v),
                                        op.scale(),
                                        op.mask(),
                                        bias)
                                .pointer(Launcher.address(op.lse()))
                                .pointer(Launcher.address(op.out())),
                        q,
                        k));
    }

    /** Width of the slices in shared memory that a head fits. */
    static int width(int headDim) {
        return headDim <= NARROW ? NARROW : WIDE;
    }

    /** Queries of a tile: many, unless that leaves multiprocessors idle. */
    static int queries(Launcher launcher, Tensor q) {
        long blocks = Grid.blocks(q.dim(1), LARGE) * q.dim(2) * q.dim(0);
        return blocks >= launcher.gpu().multiprocessors() ? LARGE : SMALL;
    }
}
