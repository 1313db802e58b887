package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.backend.cuda.driver.TensorMap;
import glance.op.Activation;
import glance.op.Epilogue;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Launches linear_narrow_wgmma.cu, Hopper's tensor cores for weights of 8 or 4 bits as they are
 * stored: the product with one factor of the adapter by linear_mma.cu, then all the rest at once.
 * The gradient is that of weights of one byte.
 */
final class LinearNarrowWgmma implements LowRankVariant, HopperInput {
    static final String NAME = "narrow_wgmma";

    private static final String FILE = "linear_narrow_wgmma";
    private static final Set<DType> BLOCKS = Set.of(DType.Q8_0, DType.Q4_0, DType.Q4_K);

    private static final int LARGE = 256;
    private static final int SMALL = 128;

    /** What a tile costs beside its products, in rows of x: an estimate. */
    private static final int TILE_COST = 16;

    private final Launcher launcher;
    private final LinearMma mma;
    private final TileMaps maps;
    private final boolean always;

    /**
     * @param always also for products that leave most multiprocessors idle
     */
    LinearNarrowWgmma(Launcher launcher, boolean always) {
        this.launcher = launcher;
        this.mma = LinearMma.narrow(launcher);
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
            return LinearWgmma.OTHER_GPUS;
        }
        String problem = refusesWeight(op.weight());
        if (problem != null) {
            return problem;
        }
        if (!Packed.areActivations(launcher, op.x())) {
            return "activations that are not bf16 in aligned chunks";
        }
        Tensor x = (op.loras().size() > 1 ? op.share(0) : op).x();
        if (!TileMaps.areTiled(x)) {
            return "rows that are empty, or of samples that interleave";
        }
        return always || occupies(Samples.of(x), op.weight().dim(0))
                ? null
                : "products that leave most multiprocessors idle";
    }

    private String refusesWeight(Tensor weight) {
        if (!BLOCKS.contains(weight.dtype())) {
            return mma.refusesWeight(weight);
        }
        int segment = launcher.constant(FILE, "linear_narrow_wgmma_segment");
        return weight.dim(1) % segment == 0 && weight.offset() % segment == 0
                ? null
                : "rows of weights that are not multiples of " + segment;
    }

    private boolean occupies(Samples samples, int columns) {
        return 2 * tiles(samples, columns, SMALL) >= launcher.gpu().multiprocessors();
    }

    @Override
    public long workspaceBytes(Op.Linear op) {
        return MmaProducts.workspaceBytes(List.of(new MmaProducts.Member(this, op)));
    }

    @Override
    public long productBytes(Op.Linear op) {
        return 0;
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
        int columns = op.weight().dim(0);
        Samples samples = Samples.of(x);
        int rows = tileRows(samples, columns);
        TensorMap left = maps.rows(x, samples, depth(), rows);
        TensorMap right = weights(op.weight());
        TensorMap low = left;
        TensorMap up = right;
        if (shares.rank() > 0) {
            Tensor own = s.narrow(1, 0, Packed.pitch(shares.rank()));
            low = maps.rows(own, samples.ofMatrix(s), depth(), rows);
            up = maps.matrix(shares.of().get(0).b(), depth(), tileColumns());
        }
        Epilogue epilogue = op.epilogue();
        Tensor gate = operands.activation(epilogue.gate());
        launch(
                "linear",
                op.weight(),
                samples,
                columns,
                rows,
                new Arguments()
                        .tensorMap(left)
                        .tensorMap(right)
                        .tensorMap(low)
                        .tensorMap(up)
                        .i32(shares.rank())
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
        int rows = tileRows(samples, columns);
        TensorMap left = maps.rows(x, samples, depth(), rows);
        TensorMap right = weights(weight);
        TensorMap s = left;
        TensorMap factor = right;
        if (down != null) {
            Tensor alike = low.reshape(1, count, low.dim(1));
            s = maps.rows(alike, Samples.of(alike), depth(), rows);
            factor = maps.matrix(down, depth(), depth());
        }
        launch(
                "linear_input",
                weight,
                samples,
                columns,
                rows,
                new Arguments()
                        .tensorMap(left)
                        .tensorMap(right)
                        .tensorMap(s)
                        .tensorMap(factor)
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

    /** Tiles of a weight: squares of bytes, or of blocks a segment of as many rows. */
    private TensorMap weights(Tensor weight) {
        if (!BLOCKS.contains(weight.dtype())) {
            return maps.matrix(weight, tileColumns(), tileColumns());
        }
        int segment = launcher.constant(FILE, "linear_narrow_wgmma_segment");
        return maps.blocks(weight, segment, tileColumns());
    }

    private static String type(Tensor weight) {
        return weight.dtype().name().toLowerCase(Locale.ROOT).replace("f8_", "");
    }

    private void launch(
            String product,
            Tensor weight,
            Samples samples,
            int columns,
            int rows,
            Arguments arguments) {
        long tiles = tiles(samples, columns, rows);
        launcher.launch(
                FILE,
                product + "_narrow_wgmma_" + type(weight) + "_" + rows + launcher.suffix(),
                Grid.of(Math.min(tiles, launcher.gpu().multiprocessors())),
                launcher.constant(FILE, FILE + "_" + type(weight) + "_" + rows + "_shared"),
                arguments);
    }

    /** Rows of a tile: those with which the multiprocessors are done first. */
    private int tileRows(Samples samples, int columns) {
        return cost(samples, columns, LARGE) <= cost(samples, columns, SMALL) ? LARGE : SMALL;
    }

    private long cost(Samples samples, int columns, int rows) {
        long tiles = tiles(samples, columns, rows);
        return Grid.blocks(tiles, launcher.gpu().multiprocessors()) * (rows + TILE_COST);
    }

    private long tiles(Samples samples, int columns, int rows) {
        long down = Grid.blocks(samples.rows(), rows);
        return samples.count() * down * Grid.blocks(columns, tileColumns());
    }

    /** Also the bytes of a swizzled row, so that a stage of weights is square. */
    private int tileColumns() {
        return launcher.constant(FILE, "linear_narrow_wgmma_columns");
    }

    private int depth() {
        return launcher.constant(FILE, "linear_narrow_wgmma_depth");
    }
}
