package glance.backend.cuda;

import glance.backend.Kernel;
import glance.backend.LowRank;
import glance.backend.TrainingOp;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/**
 * The gradients of an adapter's factors: in F32 by product.cu, in BF16 by low_rank_grad_mma.cu,
 * whose parts sums.cu adds up.
 */
final class LowRankGradKernel implements Kernel<TrainingOp.LowRankGrad> {
    private static final String FILE = "low_rank_grad_mma";

    private final Launcher launcher;
    private final ProductKernels plain;
    private final LinearMma mma;
    private final SumKernels sums;

    LowRankGradKernel(Launcher launcher, ProductKernels plain, SumKernels sums) {
        this.launcher = launcher;
        this.plain = plain;
        this.mma = new LinearMma(launcher);
        this.sums = sums;
    }

    /** What {@link #run} takes at once. */
    @Override
    public long workspaceBytes(TrainingOp.LowRankGrad op) {
        int tokens = op.x().dim(0);
        int rank = op.lora().a().dim(0);
        if (launcher.computeType() == DType.F32) {
            return (long) Float.BYTES * tokens * rank;
        }
        long wide = Math.max(op.x().dim(1), op.dy().dim(1));
        long low = (long) DType.BF16.bytes() * tokens * Packed.pitch(rank);
        return Packed.bytes(op.x())
                + Packed.bytes(op.dy())
                + Packed.bytes(op.lora().a())
                + Packed.bytes(op.lora().b())
                + low
                + Float.BYTES * partCount(tokens) * rank * wide;
    }

    @Override
    public void run(TrainingOp.LowRankGrad op) {
        if (launcher.computeType() == DType.F32) {
            plain.lowRank(op);
            return;
        }
        LowRank lora = op.lora();
        try (Operands operands = launcher.operands()) {
            Tensor dy = Packed.of(launcher, operands, operands.activation(op.dy()));
            Tensor x = Packed.of(launcher, operands, operands.activation(op.x()));
            try (Operands half = launcher.operands()) {
                Tensor low = mma.lowRankOfInput(half, dy, lora);
                sums.add(product(half, low, lora, x, op.x().dim(1)), 1, op.da());
            }
            try (Operands half = launcher.operands()) {
                Tensor low = mma.lowRank(half, x.reshape(1, x.dim(0), x.dim(1)), lora);
                sums.addTransposed(product(half, low, lora, dy, op.dy().dim(1)), 1, op.db());
            }
        }
    }

    /** Parts of {@code low^T x}, [parts, rank, width]. */
    private Tensor product(Operands operands, Tensor low, LowRank lora, Tensor x, int width) {
        int tokens = x.dim(0);
        int rank = lora.a().dim(0);
        int tile = rank <= 32 ? 32 : rank <= 64 ? 64 : 128;
        int count = Math.toIntExact(partCount(tokens));
        Tensor parts = operands.scratch(DType.F32, Shape.of(count, rank, width));
        launcher.launch(
                FILE,
                "low_rank_grad_mma_" + tile + launcher.suffix(),
                Grid.of(
                        Grid.blocks(width, launcher.constant(FILE, "low_rank_grad_columns")),
                        Grid.blocks(rank, tile),
                        count),
                launcher.constant(FILE, "low_rank_grad_" + tile + "_shared"),
                new Arguments()
                        .pointer(Launcher.address(low))
                        .i32(low.dim(1))
                        .i32(rank)
                        .pointer(Launcher.address(x))
                        .i32(x.dim(1))
                        .i32(width)
                        .pointer(Launcher.address(parts))
                        .i32(tokens));
        return parts;
    }

    private long partCount(int tokens) {
        return Grid.blocks(tokens, launcher.constant(FILE, "low_rank_grad_part_tokens"));
    }
}
