package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.backend.cuda.driver.TensorMap;
import glance.op.Activation;
import glance.op.Epilogue;
import glance.op.Op;
import glance.tensor.Tensor;
import java.util.List;

/**
 * Launches linear_wgmma.cu, Hopper's tensor cores for bf16: the product with one factor of the
 * adapter by linear_mma.cu, then all the rest at once.
 */
final class LinearWgmma implements LowRankVariant, HopperInput {
    static final String NAME = "wgmma";

    /** What kernels for Hopper refuse. */
    static final String OTHER_GPUS =
            "GPUs that are not of compute capability 9.0, or have a driver before CUDA 13";

    private static final String FILE = "linear_wgmma";
    private static final int WIDE = 256;
    private static final int NARROW = 128;

    /** What a tile costs beside its products, in columns: an estimate. */
    private static final int TILE_COST = 16;

    private final Launcher launcher;
    private final LinearMma mma;
    private final TileMaps maps;
    private final boolean always;

    /**
     * @param always also for products that leave most multiprocessors idle
     */
    LinearWgmma(Launcher launcher, boolean always) {
        this.launcher = launcher;
        this.mma = LinearMma.packed(launcher);
        this.maps = new TileMaps(launcher);
        this.always = always;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String refuses(Op.Linear op) {
        if (!launcher.gpu().runsHopperKernels()) {
            return OTHER_GPUS;
        }
        String problem = mma.refuses(op);
        if (problem != null) {
            return problem;
        }
        Tensor x = (op.loras().size() > 1 ? op.share(0) : op).x();
        if (!TileMaps.areTiled(x)) {
            return "rows that are empty, or of samples that interleave";
        }
        return always || occupies(Samples.of(x), op.weight().dim(0))
                ? null
                : "products that leave most multiprocessors idle";
    }

    private boolean occupies(Samples samples, int columns) {
        return 2 * tiles(samples, columns, NARROW) >= launcher.gpu().multiprocessors();
    }

    @Override
    public long workspaceBytes(Op.Linear op) {
        return MmaProducts.workspaceBytes(List.of(new MmaProducts.Member(this, op)));
    }

    @Override
    public long productBytes(Op.Linear op) {
        return mma.productBytes(op);
    }

    @Override
    public void run(Op.Linear op) {
        new MmaProducts(launcher).run(this, op);
    }

    /** Samples with adapters of their own have a launch each. */
    @Override
    public int mostShares() {
        return 1;
    }

    @Override
    public void product(Operands operands, Op.Linear op, Tensor x, Shares shares, Tensor s) {
        int rank = shares.rank();
        int columns = op.weight().dim(0);
        Samples samples = Samples.of(x);
        int width = width(samples, columns);
        TensorMap left = rows(x, samples);
        TensorMap right = alongDepth(Packed.of(launcher, operands, op.weight()), width);
        TensorMap low = left;
        TensorMap up = right;
        if (rank > 0) {
            low = rows(s.narrow(1, 0, Packed.pitch(rank)), samples.ofMatrix(s));
            up = alongDepth(shares.of().get(0).b(), width);
        }
        Epilogue epilogue = op.epilogue();
        Tensor gate = operands.activation(epilogue.gate());
        launch(
                FILE,
                samples,
                columns,
                width,
                new Arguments()
                        .tensorMap(left)
                        .tensorMap(right)
                        .tensorMap(low)
                        .tensorMap(up)
                        .i32(rank)
                        .pointer(Launcher.address(operands.parameter(op.bias())))
                        .i32(epilogue.activation().ordinal())
                        .pointer(Launcher.address(gate))
                        .i64(Launcher.sampleStride(gate))
                        .pointer(Launcher.address(operands.activation(epilogue.residual())))
                        .pointer(Launcher.address(op.out()))
                        .i32(samples.count())
                        .i32(samples.rows())
                        .i32(x.dim(1))
                        .i32(x.dim(2))
                        .i32(columns));
    }

    @Override
    public boolean takesInput(int rows, int columns) {
        Samples samples = new Samples(1, rows, columns, (long) rows * columns);
        return launcher.gpu().runsHopperKernels() && (always || occupies(samples, columns));
    }

    @Override
    public void linearInput(
            Operands operands, Tensor dy, Tensor weight, Tensor low, Tensor down, Tensor out) {
        int columns = weight.dim(1);
        int count = dy.dim(0);
        Tensor x = dy.reshape(1, count, dy.dim(1));
        Samples samples = Samples.of(x);
        TensorMap left = rows(x);
        TensorMap right = acrossDepth(Packed.of(launcher, operands, weight));
        launch(
                "linear_input_wgmma",
                samples,
                columns,
                width(samples, columns),
                new Arguments()
                        .tensorMap(left)
                        .tensorMap(right)
                        .tensorMap(low == null ? left : rows(low.reshape(1, count, low.dim(1))))
                        .tensorMap(down == null ? right : acrossDepth(down))
                        .i32(down == null ? 0 : down.dim(0))
                        .pointer(0)
                        .i32(Activation.NONE.ordinal())
                        .pointer(0)
                        .i64(0)
                        .pointer(0)
                        .pointer(Launcher.address(out))
                        .i32(1)
                        .i32(count)
                        .i32(count)
                        .i32(weight.dim(0))
                        .i32(columns));
    }

    private void launch(
            String entry, Samples samples, int columns, int width, Arguments arguments) {
        long tiles = tiles(samples, columns, width);
        launcher.launch(
                FILE,
                entry + "_" + width + launcher.suffix(),
                Grid.of(Math.min(tiles, launcher.gpu().multiprocessors())),
                width == WIDE
                        ? launcher.constant(FILE, "linear_wgmma_256_shared")
                        : launcher.constant(FILE, "linear_wgmma_128_shared"),
                arguments);
    }

    /** Columns of a tile: those with which the multiprocessors are done first. */
    private int width(Samples samples, int columns) {
        return cost(samples, columns, WIDE) <= cost(samples, columns, NARROW) ? WIDE : NARROW;
    }

    private long cost(Samples samples, int columns, int width) {
        long tiles = tiles(samples, columns, width);
        return Grid.blocks(tiles, launcher.gpu().multiprocessors()) * (width + TILE_COST);
    }

    private long tiles(Samples samples, int columns, int width) {
        long down = Grid.blocks(samples.rows(), launcher.constant(FILE, "linear_wgmma_rows"));
        return samples.count() * down * Grid.blocks(columns, width);
    }

    private TensorMap rows(Tensor x, Samples samples) {
        return maps.rows(x, samples, depth(), launcher.constant(FILE, "linear_wgmma_rows"));
    }

    private TensorMap rows(Tensor x) {
        return rows(x, Samples.of(x));
    }

    /** Tiles of a matrix [columns of the product, depth]. */
    private TensorMap alongDepth(Tensor matrix, int width) {
        return maps.matrix(matrix, depth(), width);
    }

    /** Tiles of a matrix [depth, columns of the product], as wide as they are deep. */
    private TensorMap acrossDepth(Tensor matrix) {
        return maps.matrix(matrix, depth(), depth());
    }

    private int depth() {
        return launcher.constant(FILE, "linear_wgmma_depth");
    }
}
