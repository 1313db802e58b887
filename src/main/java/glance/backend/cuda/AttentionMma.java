package glance.backend.cuda;

import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.tensor.Tensor;

/**
 * Launches attention_mma.cu, tensor cores for bf16 heads of whole chunks: a block for each tile of
 * queries of a head.
 */
final class AttentionMma implements Variant<Op.Attention> {
    private static final String FILE = "attention_mma";
    private static final int NARROW = 64;
    private static final int WIDE = 128;
    private static final int SMALL = 64;
    private static final int LARGE = 128;

    private final Launcher launcher;

    AttentionMma(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public String name() {
        return "mma";
    }

    @Override
    public String refuses(Op.Attention op) {
        return refuses(launcher, op, op.q(), op.k(), op.v(), op.out());
    }

    /**
     * The same for the kernels of attention and of its gradients.
     *
     * @param heads all tensors that are read or written by rows of heads
     */
    static String refuses(Launcher launcher, Op.Attention op, Tensor... heads) {
        if (op.q().dim(3) > WIDE) {
            return "heads wider than " + WIDE;
        }
        return AttentionArguments.refusesTensorCores(launcher, op, heads);
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
