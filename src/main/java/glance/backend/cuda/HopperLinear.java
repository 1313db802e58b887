package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Gpu;
import glance.backend.cuda.driver.TensorMap;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * A product by wgmma, fed by tensor maps: one factor of the adapter, by linear_mma.cu or first in
 * the same launch, then all the rest at once, by blocks that go from tile to tile. Its file is
 * called {@code linear_NAME}.
 */
abstract class HopperLinear extends LowRankVariant {
    /** What kernels for Hopper refuse. */
    static final String OTHER_GPUS =
            "GPUs that are not of compute capability 9.0, or have a driver before CUDA 13";

    /** What kernels refuse whose blocks are not in pairs. */
    static final String SINGLE_BLOCKS = "single blocks, which nobody asked for";

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

    /** The tile of one length, here across. */
    PersistentTile tile(int length) {
        return new PersistentTile(constant("rows"), length);
    }

    /** What the weight multiplies. */
    Tensor left(ProductInput x) {
        return x.x();
    }

    /** Adds the arguments of products that others have not. */
    void addTo(Arguments arguments, ProductInput x) {}

    /** Tiles of a weight for a product. */
    abstract TensorMap weights(Operands operands, Tensor weight, PersistentTile tile);

    /** Tiles of a weight for the gradient towards the argument. */
    TensorMap weightsAcross(Operands operands, Tensor weight) {
        throw new UnsupportedOperationException(name + " has no gradient");
    }

    /** What names of kernels say of a weight, with the line before it. */
    String kind(Tensor weight) {
        return "";
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String refuses(Op.Linear op) {
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

    /**
     * Whether there are kernels for clusters of two blocks, to be taken where that is no longer.
     */
    boolean hasPairs() {
        return true;
    }

    /** Whether launches of the file make S where that takes no time. */
    boolean makesLow() {
        return false;
    }

    @Override
    final boolean makes(Op.Linear op, Tensor x, LowRows low) {
        Shares own = low.products().get(0);
        Tensor share = x.narrow(0, 0, x.dim(0) / own.of().size());
        return own.of().stream().allMatch(Objects::nonNull)
                && makes(Samples.of(share), op.weight().dim(0), low);
    }

    /** S is made beside a product if that adds no wave of tiles to it. */
    private boolean makes(Samples samples, int columns, LowRows low) {
        PersistentTile tile = fastest(samples, columns);
        return makesLow()
                && low.products().size() <= constant("lows")
                && tile.bands(samples) <= CudaMemory.COUNTERS
                && tile.hasRoomFor(launcher.gpu(), samples, columns, LowTiles.of(low).each());
    }

    @Override
    final void product(Operands operands, Op.Linear op, ProductInput x, Shares shares, Tensor s) {
        product(operands, op, x, shares, s, null);
    }

    @Override
    final void productMaking(Operands operands, Op.Linear op, ProductInput x, LowRows low) {
        product(operands, op, x, low.products().get(0), low.of(0), low);
    }

    private void product(
            Operands operands,
            Op.Linear op,
            ProductInput input,
            Shares shares,
            Tensor s,
            LowRows made) {
        int columns = op.weight().dim(0);
        Tensor x = left(input);
        Samples samples = Samples.of(x);
        PersistentTile tile = fastest(samples, columns);
        TensorMap left = rows(x, samples, tile);
        TensorMap right = weights(operands, op.weight(), tile);
        TensorMap low = left;
        TensorMap up = right;
        if (shares.rank() > 0) {
            Tensor own = s.narrow(1, 0, Packed.pitch(shares.rank()));
            low = rows(own, samples.ofMatrix(s), tile);
            up = maps.matrix(shares.of().get(0).b(), depth(DType.BF16), tile.copiedColumns());
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
        LowTiles lows = LowTiles.of(made);
        int depth = depth(DType.BF16);
        addLow(arguments, made, lows, right, lora -> maps.matrix(lora.a(), depth, lows.part()));
        addTo(arguments, input);
        launch("linear", op.weight(), samples, columns, tile, lows, arguments);
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
     * @param lora packed, or null
     * @return {@code S = scale dy B}, columns times their scales, [rows, columns]; or null
     */
    final Tensor linearInput(
            Operands operands, Tensor dy, Tensor weight, LowRank lora, Tensor out) {
        int columns = weight.dim(1);
        int count = dy.dim(0);
        Samples samples = new Samples(1, count, dy.stride(0), count * dy.stride(0));
        LowRows made = lora == null ? null : LowRankMma.ofInput(operands, dy, lora);
        Tensor low = made == null ? null : made.s();
        if (made != null && !makes(samples, columns, made)) {
            new LowRankMma(launcher).makeOfInput(dy, made);
            made = null;
        }
        PersistentTile tile = fastest(samples, columns);
        TensorMap left = rows(dy, samples, tile);
        TensorMap right = weightsAcross(operands, weight);
        int depth = depth(DType.BF16);
        TensorMap s = lora == null ? left : rows(low, samples.ofMatrix(low), tile);
        TensorMap factor = lora == null ? right : maps.matrix(lora.a(), depth, depth);
        int rank = lora == null ? 0 : lora.rank();
        Arguments arguments =
                operands.epilogue(sides(left, right, s, factor).i32(rank), null, Epilogue.none())
                        .pointer(Launcher.address(out))
                        .i32(1)
                        .i32(count)
                        .i32(count)
                        .i32(weight.dim(0))
                        .i32(columns);
        LowTiles lows = LowTiles.of(made);
        addLow(arguments, made, lows, right, own -> maps.matrix(own.b(), depth, depth));
        launch("linear_input", weight, samples, columns, tile, lows, arguments);
        return low;
    }

    /**
     * Adds what the launch makes of S, where its kernels make any.
     *
     * @param made null for nothing
     * @param other a map for products that are not there
     * @param factor the map of what S of a product is made with
     */
    private void addLow(
            Arguments arguments,
            LowRows made,
            LowTiles tiles,
            TensorMap other,
            Function<LowRank, TensorMap> factor) {
        if (!makesLow()) {
            return;
        }
        int most = constant("lows");
        List<Shares> products = made == null ? List.of(Shares.of(null, 0)) : made.products();
        TensorMap first = made == null ? other : factor.apply(products.get(0).of().get(0));
        for (int i = 0; i < most; i++) {
            LowRank lora = 0 < i && i < products.size() ? products.get(i).of().get(0) : null;
            arguments.tensorMap(lora == null ? first : factor.apply(lora));
        }
        Shares.add(arguments, products, most)
                .pointer(made == null ? 0 : Launcher.address(made.s()))
                .i32(made == null ? 0 : Math.toIntExact(made.s().stride(0)))
                .i32(made == null ? 0 : made.width())
                .i32(tiles.room())
                .i32(tiles.columns())
                .i32(tiles.each())
                .pointer(made == null ? 0 : launcher.counters());
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
            LowTiles lows,
            Arguments arguments) {
        String kernel = "_" + name + kind(weight) + "_" + Math.max(tile.rows(), tile.columns());
        String pairs = tile.together() > 1 ? "_pairs" : "";
        launcher.launch(
                file,
                product + kernel + pairs + launcher.suffix(),
                tile.grid(launcher.gpu(), samples, columns, lows.each()),
                launcher.constant(file, "linear" + kernel + "_shared"),
                arguments);
    }

    /** The tile with which a product is done first. */
    PersistentTile fastest(Samples samples, int columns) {
        Gpu gpu = launcher.gpu();
        PersistentTile tile =
                PersistentTile.fastest(gpu, samples, columns, tile(LARGE), tile(SMALL));
        return hasPairs() ? tile.inPairs(gpu, samples, columns) : tile;
    }

    private TensorMap rows(Tensor x, Samples samples, PersistentTile tile) {
        return maps.rows(x, samples, depth(x.dtype()), tile.rows());
    }

    /** Elements of the depth that are copied at once: as many bytes, whatever the dtype. */
    final int depth(DType dtype) {
        return constant("depth") * DType.BF16.bytes() / dtype.bytes();
    }

    /** A number that the file exports, its name without that of the file. */
    final int constant(String of) {
        return launcher.constant(file, file + "_" + of);
    }
}
