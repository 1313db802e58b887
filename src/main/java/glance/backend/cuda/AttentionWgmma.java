package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.tensor.Tensor;

/**
 * Launches attention_wgmma.cu, Hopper's tensor cores for bf16 heads of whole chunks: as many blocks
 * as multiprocessors, each of which makes tiles of queries of a head.
 */
final class AttentionWgmma implements Variant<Op.Attention> {
    static final String NAME = "wgmma";

    private static final String FILE = "attention_wgmma";

    private final Launcher launcher;
    private final boolean always;

    /**
     * @param always also for attentions that leave most multiprocessors idle
     */
    AttentionWgmma(Launcher launcher, boolean always) {
        this.launcher = launcher;
        this.always = always;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String refuses(Op.Attention op) {
        if (!launcher.gpu().runsHopperKernels()) {
            return HopperLinear.OTHER_GPUS;
        }
        String problem = AttentionMma.refuses(launcher, op, op.q(), op.k(), op.v(), op.out());
        if (problem == null) {
            problem = HeadTiles.refuses(op.q(), op.k(), op.v());
        }
        if (problem != null) {
            return problem;
        }
        return always || 2 * tiles(op.q()) >= launcher.gpu().multiprocessors()
                ? null
                : "attentions that leave most multiprocessors idle";
    }

    private long tiles(Tensor q) {
        long along = Grid.blocks(q.dim(1), launcher.constant(FILE, "attention_wgmma_queries"));
        return along * q.dim(2) * q.dim(0);
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
        String entry = FILE + "_h" + AttentionMma.width(q.dim(3));
        int keys = launcher.constant(FILE, "attention_wgmma_keys");
        Arguments maps =
                new Arguments()
                        .tensorMap(
                                HeadTiles.map(
                                        launcher,
                                        q,
                                        launcher.constant(FILE, "attention_wgmma_queries")))
                        .tensorMap(HeadTiles.map(launcher, k, keys))
                        .tensorMap(HeadTiles.map(launcher, v, keys));
        Arguments arguments =
                AttentionArguments.scores(maps, op.scale(), op.mask(), bias)
                        .pointer(Launcher.address(op.lse()))
                        .pointer(Launcher.address(op.out()))
                        .i32(q.dim(0));
        launcher.launch(
                FILE,
                entry + launcher.suffix(),
                Grid.of(Math.min(tiles(q), launcher.gpu().multiprocessors())),
                launcher.constant(FILE, entry + "_shared"),
                AttentionArguments.sizes(arguments, q, k));
    }
}
