package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.backend.cuda.driver.TensorMap;
import glance.op.Op;
import glance.op.TrainingOp;
import glance.tensor.Tensor;

/**
 * Launches attention_grad_wgmma.cu, Hopper's tensor cores for bf16 heads of whole chunks: a block
 * for each tile of queries, then of keys.
 */
final class AttentionGradWgmma implements Variant<TrainingOp.AttentionGrad> {
    static final String NAME = "wgmma";

    private static final String FILE = "attention_grad_wgmma";

    private final Launcher launcher;
    private final AttentionGradMma mma;
    private final boolean always;

    /**
     * @param always also for attention that leaves most multiprocessors idle
     */
    AttentionGradWgmma(Launcher launcher, boolean always) {
        this.launcher = launcher;
        this.mma = new AttentionGradMma(launcher);
        this.always = always;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String refuses(TrainingOp.AttentionGrad op) {
        if (!launcher.gpu().runsHopperKernels()) {
            return HopperLinear.OTHER_GPUS;
        }
        Op.Attention forward = op.forward();
        String problem = mma.refuses(op);
        if (problem == null) {
            problem = HeadTiles.refuses(forward.q(), forward.k(), forward.v());
        }
        if (problem != null) {
            return problem;
        }
        return always || occupies(forward.q()) && occupies(forward.k())
                ? null
                : "attentions that leave most multiprocessors idle";
    }

    private boolean occupies(Tensor heads) {
        return 2 * tiles(heads) * heads.dim(2) * heads.dim(0) >= launcher.gpu().multiprocessors();
    }

    @Override
    public long workspaceBytes(TrainingOp.AttentionGrad op) {
        return mma.workspaceBytes(op);
    }

    @Override
    public void run(TrainingOp.AttentionGrad op) {
        try (Operands operands = launcher.operands()) {
            AttentionGradInputs inputs = AttentionGradInputs.of(launcher, operands, op);
            launch("q", inputs.q(), arguments(inputs, op.dq()));
            launch("kv", inputs.k(), arguments(inputs, op.dk(), op.dv()));
        }
    }

    private Arguments arguments(AttentionGradInputs inputs, Tensor... results) {
        Arguments maps =
                new Arguments()
                        .tensorMap(rows(inputs.q()))
                        .tensorMap(rows(inputs.dy()))
                        .tensorMap(rows(inputs.k()))
                        .tensorMap(rows(inputs.v()));
        return inputs.arguments(maps, results);
    }

    private void launch(String rows, Tensor heads, Arguments arguments) {
        int width = AttentionMma.width(heads.dim(3));
        launcher.launch(
                FILE,
                FILE + "_" + rows + "_h" + width + launcher.suffix(),
                Grid.of(tiles(heads), heads.dim(2), heads.dim(0)),
                launcher.constant(FILE, FILE + "_h" + width + "_shared"),
                arguments);
    }

    private long tiles(Tensor heads) {
        return Grid.blocks(heads.dim(1), launcher.constant(FILE, FILE + "_rows"));
    }

    private TensorMap rows(Tensor heads) {
        return HeadTiles.map(launcher, heads, launcher.constant(FILE, FILE + "_box"));
    }
}
