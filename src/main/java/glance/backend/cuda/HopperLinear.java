package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.TensorMap;
import glance.op.Epilogue;
import glance.op.Op;
import glance.tensor.Tensor;

/**
 * A product by wgmma, fed by tensor maps: one factor of the adapter by linear_mma.cu, then all the
 * rest at once, by blocks that go from tile to tile. Its file is called {@code linear_NAME}.
 */
abstract class HopperLinear extends LowRankVariant {
    /** What kernels for Hopper refuse. */
    static final String OTHER_GPUS =
            "GPUs that are not of compute capability 9.0, or have a driver before CUDA 13";

    /** Tiles are this long on one side, or half of it. */
    static final int LARGE = 256;

    static final int SMALL = 128;

    final TileMaps maps;
    private final String name;
    private final String file;
    private final boolean always;

    /**
     * @param always also for products that leave most multiprocessors idle
     */
    HopperLinear(Launcher launcher, String name, boolean always) {
        super(launcher);
        this.name = name;
        this.file = "linear_" + name;
        this.maps = new TileMaps(launcher);
        this.always = always;
    }

    /** Why a weight cannot be read, or null. */
    abstract String refusesWeight(Tensor weight);

    /** The tile of one length. */
    abstract PersistentTile tile(int length);

    /** Tiles of a weight for a product. */
    abstract TensorMap weights(Operands operands, Tensor weight, PersistentTile tile);

    /** Tiles of a weight for the gradient towards the argument. */
    abstract TensorMap weightsAcross(Operands operands, Tensor weight);

    /** What names of kernels say of a weight, with the line before it; may be empty. */
    abstract String kind(Tensor weight);

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final String refuses(Op.Linear op) {
        if (!launcher.gpu().runsHopperKernels()) {
            return OTHER_GPUS;
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
        return occupies(Samples.of(x), op.weight().dim(0))
                ? null
                : "products that leave most multiprocessors idle";
    }

    private boolean occupies(Samples samples, int columns) {
        return always || tile(SMALL).occupies(launcher.gpu(), samples, columns);
    }

    /** Samples with adapters of their own have a launch each. */
    @Override
    final int mostShares() {
        return 1;
    }

    @Override
    final void product(Operands operands, Op.Linear op, Tensor x, Shares shares, Tensor s) {
        int columns = op.weight().dim(0);
        Samples samples = Samples.of(x);
        PersistentTile tile = fastest(samples, columns);
        TensorMap left = rows(x, samples, tile);
        TensorMap right = weights(operands, op.weight(), tile);
        TensorMap low = left;
        TensorMap up = right;
        if (shares.rank() > 0) {
            Tensor own = s.narrow(1, 0, Packed.pitch(shares.rank()));
            low = rows(own, samples.ofMatrix(s), tile);
            up = maps.matrix(shares.of().get(0).b(), depth(), tile.columns());
        }
        Arguments arguments =
                operands.epilogue(
                                sides(left, right, low, up).i32(shares.rank()),
                                op.bias(),
                                op.epilogue())
                        .pointer(Launcher.address(op.out()))
                        .i32(samples.count())
                        .i32(samples.rows())
                        .i32(x.dim(1))
                        .i32(x.dim(2))
                        .i32(columns);
        launch("linear", op.weight(), samples, columns, tile, arguments);
    }

    /** Whether {@link #linearInput} is for a gradient of so many rows and columns. */
    final boolean takesInput(int rows, int columns) {
        Samples samples = new Samples(1, rows, columns, (long) rows * columns);
        return launcher.gpu().runsHopperKernels() && occupies(samples, columns);
    }

    /**
     * The gradient towards the argument, {@code out = dy W + S A}.
     *
     * @param dy [rows, out] packed
     * @param low S, from {@link LinearMma#lowRankOfInput}, or null
     * @param down A [rank, in] packed, or null
     */
    final void linearInput(
            Operands operands, Tensor dy, Tensor weight, Tensor low, Tensor down, Tensor out) {
        int columns = weight.dim(1);
        int count = dy.dim(0);
        Samples samples = new Samples(1, count, dy.stride(0), count * dy.stride(0));
        PersistentTile tile = fastest(samples, columns);
        TensorMap left = rows(dy, samples, tile);
        TensorMap right = weightsAcross(operands, weight);
        TensorMap s = down == null ? left : rows(low, samples.ofMatrix(low), tile);
        TensorMap factor = down == null ? right : maps.matrix(down, depth(), depth());
        int rank = down == null ? 0 : down.dim(0);
        Arguments arguments =
                operands.epilogue(sides(left, right, s, factor).i32(rank), null, Epilogue.none())
                        .pointer(Launcher.address(out))
                        .i32(1)
                        .i32(count)
                        .i32(count)
                        .i32(weight.dim(0))
                        .i32(columns);
        launch("linear_input", weight, samples, columns, tile, arguments);
    }

    private static Arguments sides(TensorMap left, TensorMap right, TensorMap low, TensorMap up) {
        return new Arguments().tensorMap(left).tensorMap(right).tensorMap(low).tensorMap(up);
    }

    private void launch(
            String product,
            Tensor weight,
            Samples samples,
            int columns,
            PersistentTile tile,
            Arguments arguments) {
        String kernel = "_" + name + kind(weight) + "_" + Math.max(tile.rows(), tile.columns());
        launcher.launch(
                file,
                product + kernel + launcher.suffix(),
                tile.grid(launcher.gpu(), samples, columns),
                launcher.constant(file, "linear" + kernel + "_shared"),
                arguments);
    }

    private PersistentTile fastest(Samples samples, int columns) {
        return PersistentTile.fastest(launcher.gpu(), samples, columns, tile(LARGE), tile(SMALL));
    }

    private TensorMap rows(Tensor x, Samples samples, PersistentTile tile) {
        return maps.rows(x, samples, depth(), tile.rows());
    }

    /** Elements of the depth that are copied at once. */
    final int depth() {
        return constant("depth");
    }

    /** A number that the file exports, its name without that of the file. */
    final int constant(String of) {
        return launcher.constant(file, file + "_" + of);
    }
}
