package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.LowRank;
import glance.op.Op;
import glance.op.TrainingOp;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.List;

/**
 * The gradients of a linear product on tensor cores: by linear_mma.cu, or a kernel for Hopper,
 * towards its argument, and by low_rank_grad_mma.cu, whose parts sums.cu adds up, towards the
 * adapter's factors.
 */
final class LinearGradMma implements Variant<TrainingOp.LinearGrad> {
    private static final String FILE = "low_rank_grad_mma";

    private final Launcher launcher;
    private final LinearMma mma;
    private final LowRankMma lowRank;
    private final SumKernels sums;
    private final HopperLinear hopper;

    /**
     * @param mma how the weight is read
     * @param hopper what makes the gradient towards the argument, or null for mma.sync
     */
    LinearGradMma(Launcher launcher, LinearMma mma, SumKernels sums, HopperLinear hopper) {
        this.launcher = launcher;
        this.mma = mma;
        this.lowRank = new LowRankMma(launcher);
        this.hopper = hopper;
        this.sums = sums;
    }

    @Override
    public String name() {
        return hopper == null ? mma.name() : hopper.name();
    }

    @Override
    public String refuses(TrainingOp.LinearGrad op) {
        if (!launcher.hasTensorCores()) {
            return "computes in bf16 alone";
        }
        String problem = mma.refusesWeight(op.forward().weight());
        if (problem != null || hopper == null) {
            return problem;
        }
        int rows = op.dy().dim(0) * op.dy().dim(1);
        return op.dx() != null && hopper.takesInput(rows, op.forward().weight().dim(1))
                ? null
                : "takes gradients towards x that occupy a GPU of Hopper";
    }

    @Override
    public long workspaceBytes(TrainingOp.LinearGrad op) {
        Op.Linear forward = op.forward();
        LowRank lora = op.lora();
        int rows = op.dy().dim(0) * op.dy().dim(1);
        int in = forward.weight().dim(1);
        int out = forward.weight().dim(0);
        Shares shares = Shares.of(lora, rows);
        long bytes =
                mma.weightBytes(forward.weight())
                        + shares.packedBytes()
                        + LowRankMma.bytes(List.of(shares))
                        + Packed.bytes(op.dy().reshape(rows, out));
        if (op.da() != null) {
            int rank = lora.a().dim(0);
            bytes += Packed.bytes(forward.x().reshape(rows, in));
            bytes += (long) DType.BF16.bytes() * rows * Packed.pitch(rank);
            bytes += Float.BYTES * partCount(rows) * rank * (in + out);
        }
        return bytes;
    }

    @Override
    public void run(TrainingOp.LinearGrad op) {
        Op.Linear forward = op.forward();
        int rows = op.dy().dim(0) * op.dy().dim(1);
        int in = forward.weight().dim(1);
        int out = forward.weight().dim(0);
        try (Operands operands = launcher.operands()) {
            Tensor dy = Packed.of(launcher, operands, op.dy().reshape(rows, out));
            Shares shares = Shares.of(op.lora(), rows).packed(launcher, operands);
            LowRank lora = shares.of().get(0);
            Tensor low =
                    hopper == null
                            ? linearInput(operands, dy, forward.weight(), lora, op.dx())
                            : hopper.linearInput(operands, dy, forward.weight(), lora, op.dx());
            if (op.da() != null) {
                Tensor x = Packed.of(launcher, operands, forward.x().reshape(rows, in));
                int rank = lora.rank();
                sums.add(product(operands, low, rank, x, in), 1, op.da());
                Tensor tokens = x.reshape(1, rows, x.dim(1));
                Tensor other = lowRank.of(operands, tokens, shares);
                sums.addTransposed(product(operands, other, rank, dy, out), 1, op.db());
            }
        }
    }

    /** {@link HopperLinear#linearInput} by mma.sync; without dx S alone. */
    private Tensor linearInput(
            Operands operands, Tensor dy, Tensor weight, LowRank lora, Tensor dx) {
        LowRows low = lora == null ? null : LowRankMma.ofInput(operands, dy, lora);
        if (low != null) {
            lowRank.makeOfInput(dy, low);
        }
        Tensor s = low == null ? null : low.s();
        if (dx != null) {
            mma.linearInput(operands, dy, weight, s, lora == null ? null : lora.a(), dx);
        }
        return s;
    }

    /** Parts of {@code low^T x}, [parts, rank, width]. */
    private Tensor product(Operands operands, Tensor low, int rank, Tensor x, int width) {
        int tokens = x.dim(0);
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
