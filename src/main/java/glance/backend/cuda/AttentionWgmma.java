package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.tensor.Tensor;

/**
 * Launches attention_wgmma.cu, Hopper's tensor cores for bf16 heads of whole chunks: as many blocks
 * as multiprocessors, each of which makes tiles of queries of a head. Where that takes no longer,
 * blocks are in pairs, which make neighbouring tiles and copy each key and value once for both. For
 * comparison there is one whose blocks never are.
 */
final class AttentionWgmma implements Variant<Op.Attention> {
    static final String NAME = "wgmma";
    static final String SINGLE = "wgmma_single";

    private static final String FILE = "attention_wgmma";

    private final Launcher launcher;
    private final boolean chosen;
    private final boolean pairs;

    private AttentionWgmma(Launcher launcher, boolean chosen, boolean pairs) {
        this.launcher = launcher;
        this.chosen = chosen;
        this.pairs = pairs;
    }

    /**
     * By pairs of blocks where that takes no longer.
     *
     * @param chosen whether the user asked for it: also for attentions that leave most
     *     multiprocessors idle
     */
    static AttentionWgmma pairs(Launcher launcher, boolean chosen) {
        return new AttentionWgmma(launcher, chosen, true);
    }

    /** By single blocks, only if it was chosen. */
    static AttentionWgmma single(Launcher launcher, boolean chosen) {
        return new AttentionWgmma(launcher, chosen, false);
    }

    @Override
    public String name() {
        return pairs ? NAME : SINGLE;
    }

    @Override
    public String refuses(Op.Attention op) {
        if (!pairs && !chosen) {
            return HopperLinear.SINGLE_BLOCKS;
        }
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
        return chosen || 2 * tiles(op.q()) >= launcher.gpu().multiprocessors()
                ? null
                : "attentions that leave most multiprocessors idle";
    }

    private long tiles(Tensor q) {
        return along(q) * q.dim(2) * q.dim(0);
    }

    /** Tiles of one head. */
    private long along(Tensor q) {
        return Grid.blocks(q.dim(1), launcher.constant(FILE, "attention_wgmma_queries"));
    }

    private int blocksOfAPair() {
        return launcher.constant(FILE, "attention_wgmma_pair");
    }

    private long clusters(Tensor q) {
        return Grid.blocks(along(q), blocksOfAPair()) * q.dim(2) * q.dim(0);
    }

    /**
     * Whether pairs of blocks take no more waves than single ones: the second tile of a head's last
     * pair may be empty. Both tiles of a pair have to see the same keys; a causal mask shows more
     * to the second one.
     */
    boolean takesPairs(Op.Attention op) {
        int multiprocessors = launcher.gpu().multiprocessors();
        int together = multiprocessors / blocksOfAPair();
        return pairs
                && !op.mask().causal()
                && along(op.q()) > 1
                && together > 0
                && Grid.blocks(clusters(op.q()), together)
                        <= Grid.blocks(tiles(op.q()), multiprocessors);
    }

    @Override
    public void run(Op.Attention op) {
        run(op, takesPairs(op));
    }

    /**
     * @param inPairs whether blocks are in pairs; not for causal masks
     */
    void run(Op.Attention op, boolean inPairs) {
        try (Operands operands = launcher.operands()) {
            Tensor q = operands.activation(op.q());
            Tensor k = operands.activation(op.k());
            Tensor v = operands.activation(op.v());
            launch(op, q, k, v, operands.parameter(op.mask().bias()), inPairs);
        }
    }

    private void launch(
            Op.Attention op, Tensor q, Tensor k, Tensor v, Tensor bias, boolean inPairs) {
        String entry = FILE + "_h" + AttentionMma.width(q.dim(3));
        int together = inPairs ? blocksOfAPair() : 1;
        int keys = launcher.constant(FILE, "attention_wgmma_keys") / together;
        long clusters = inPairs ? clusters(q) : tiles(q);
        int most = launcher.gpu().multiprocessors() / together;
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
                entry + (inPairs ? "_pairs" : "") + launcher.suffix(),
                Grid.of(together * Math.min(clusters, most)),
                launcher.constant(FILE, entry + "_shared"),
                AttentionArguments.sizes(arguments, q, k));
    }
}
