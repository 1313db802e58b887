package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.TrainingOp;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/** Launches sums.cu: parts of the sums first, then their sums. */
final class SumKernels {
    private static final String FILE = "sums";

    private final Launcher launcher;

    SumKernels(Launcher launcher) {
        this.launcher = launcher;
    }

    void sumRows(TrainingOp.SumRows op) {
        try (Operands operands = launcher.operands()) {
            int rows = op.x().dim(0);
            int dim = op.x().dim(1);
            Tensor parts = parts(operands, rows, 1, dim);
            launch(
                    "sum_rows",
                    rows,
                    1,
                    dim,
                    new Arguments()
                            .pointer(Launcher.address(operands.activation(op.x())))
                            .pointer(Launcher.address(parts)));
            add(parts, 1, op.out());
        }
    }

    void gate(TrainingOp.GateGrad op) {
        boolean wanted = op.dGate() != null;
        try (Operands operands = launcher.operands()) {
            Tensor gate = operands.activation(op.forward().gate());
            int samples = gate.dim(0);
            int rows = rowsOfSample(op.dy(), samples);
            Tensor y = wanted ? operands.activation(op.forward().y()) : null;
            Tensor parts = wanted ? parts(operands, rows, samples, gate.dim(1)) : null;
            launch(
                    "gate_grad",
                    rows,
                    samples,
                    gate.dim(1),
                    new Arguments()
                            .pointer(Launcher.address(gate))
                            .i64(Launcher.sampleStride(gate))
                            .pointer(Launcher.address(y))
                            .pointer(Launcher.address(op.dy()))
                            .pointer(Launcher.address(op.out()))
                            .pointer(Launcher.address(parts)));
            if (wanted) {
                add(parts, 1, op.dGate());
            }
        }
    }

    /**
     * Sums of {@code dy (x - mean) inverse} and of dy over the rows of each sample.
     *
     * @param x [batch, seqLen, dim] in the compute type
     * @param moments mean and inverse of each row
     * @param dScale [batch or 1, dim]
     * @param dShift of the same shape
     */
    void layerNorm(
            Operands operands, Tensor x, Tensor moments, Tensor dy, Tensor dScale, Tensor dShift) {
        int samples = dScale.dim(0);
        int rows = rowsOfSample(dy, samples);
        Tensor scaleParts = parts(operands, rows, samples, x.dim(2));
        Tensor shiftParts = parts(operands, rows, samples, x.dim(2));
        launch(
                "layer_norm_sums",
                rows,
                samples,
                x.dim(2),
                new Arguments()
                        .pointer(Launcher.address(x))
                        .i64(x.stride(0))
                        .i64(x.stride(1))
                        .i32(x.dim(1))
                        .pointer(Launcher.address(moments))
                        .pointer(Launcher.address(dy))
                        .pointer(Launcher.address(scaleParts))
                        .pointer(Launcher.address(shiftParts)));
        add(scaleParts, 1, dScale);
        add(shiftParts, 1, dShift);
    }

    private static int rowsOfSample(Tensor dy, int samples) {
        return dy.dim(0) * dy.dim(1) / samples;
    }

    private Tensor parts(Operands operands, int rows, int samples, int dim) {
        int count = Math.toIntExact(partCount(rows));
        return operands.scratch(DType.F32, Shape.of(count, samples, dim));
    }

    private long partCount(int rows) {
        return Grid.blocks(rows, launcher.constant(FILE, "sums_part_rows"));
    }

    /** A block for some columns of each part of each sample; the sizes are the last arguments. */
    private void launch(String entry, int rows, int samples, int dim, Arguments arguments) {
        long columns = Grid.blocks(dim, launcher.constant(FILE, "sums_columns"));
        Grid grid = Grid.of(columns, partCount(rows), samples);
        launcher.launch(FILE, entry + launcher.suffix(), grid, arguments.i32(rows).i32(dim));
    }

    /** {@code out = scale (sum over p of parts[p])}; parts [parts, rows, columns]. */
    void add(Tensor parts, float scale, Tensor out) {
        add(parts, scale, out, parts.dim(2), 1);
    }

    /** The transpose of it, to out [columns, rows]. */
    void addTransposed(Tensor parts, float scale, Tensor out) {
        add(parts, scale, out, 1, parts.dim(1));
    }

    private void add(Tensor parts, float scale, Tensor out, long rowStride, long columnStride) {
        String entry = "sum_parts" + Launcher.suffix(out.dtype());
        int threads = launcher.function(FILE, entry).maxThreads();
        launcher.launch(
                FILE,
                entry,
                Grid.of(Grid.blocks(parts.dim(2), threads), parts.dim(1)),
                new Arguments()
                        .pointer(Launcher.address(parts))
                        .i32(parts.dim(0))
                        .i32(parts.dim(1))
                        .i32(parts.dim(2))
                        .f32(scale)
                        .pointer(Launcher.address(out))
                        .i64(rowStride)
                        .i64(columnStride));
    }
}
