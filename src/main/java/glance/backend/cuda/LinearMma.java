package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.Set;

/**
 * Launches linear_mma.cu, tensor cores for bf16 in aligned chunks: the product with one factor of
 * the adapter, then all the rest at once. Or that by linear_narrow.cu or linear_blocks.cu, whose
 * weights are bytes, or blocks of 4 bits each, as they are stored.
 */
final class LinearMma extends LowRankVariant {
    /** The variant for weights in blocks. */
    static final String BLOCKS = "blocks";

    private static final String FILE = "linear_mma";

    /** Elements of a weight of one byte that are read at once. */
    private static final int NARROW_CHUNK = 16;

    /**
     * Compute capabilities whose tensor cores outrun the making of bf16 from blocks, so that it
     * pays only while expanding the matrix first would take a good part of the product's time.
     */
    private static final Set<Integer> FAST = Set.of(80, 90, 100);

    /** Where both take about the same, an estimate from counted slots and rates of memory. */
    private static final int MOST_ROWS = 1024;

    /** How weights are read. */
    private enum Reading {
        PACKED("mma", FILE),
        BYTES("narrow", "linear_narrow"),
        BLOCKED(BLOCKS, "linear_blocks");

        private final String variant;
        private final String file;

        Reading(String variant, String file) {
            this.variant = variant;
            this.file = file;
        }
    }

    private final Reading reading;
    private final boolean always;

    private LinearMma(Launcher launcher, Reading reading, boolean always) {
        super(launcher);
        this.reading = reading;
        this.always = always;
    }

    /** Weights of any type, packed before if they are not bf16 in aligned chunks. */
    static LinearMma packed(Launcher launcher) {
        return new LinearMma(launcher, Reading.PACKED, true);
    }

    /** Weights of one byte, e4m3 or whole numbers. */
    static LinearMma narrow(Launcher launcher) {
        return new LinearMma(launcher, Reading.BYTES, true);
    }

    /**
     * Weights in blocks of 4 bits each, Q4_0 or Q4_K; they have no gradient.
     *
     * @param always also where expanding them first takes less time by count
     */
    static LinearMma blocks(Launcher launcher, boolean always) {
        return new LinearMma(launcher, Reading.BLOCKED, always);
    }

    @Override
    public String name() {
        return reading.variant;
    }

    @Override
    public String refuses(Op.Linear op) {
        String refusal = refusesWeight(op.weight());
        if (refusal != null) {
            return refusal;
        }
        if (!Packed.areActivations(launcher, op.x())) {
            return "activations that are not bf16 in aligned chunks";
        }
        int rows = op.x().dim(0) * op.x().dim(1);
        return always || rows <= MOST_ROWS || !FAST.contains(launcher.gpu().computeCapability())
                ? null
                : "more than " + MOST_ROWS + " rows on a GPU of fast tensor cores";
    }

    /** Why a weight cannot be read, or null. */
    String refusesWeight(Tensor weight) {
        DType type = weight.dtype();
        return switch (reading) {
            case PACKED -> DTypeCode.isReadable(type) ? null : "weights of dtype " + type;
            case BYTES ->
                    type == DType.F8_E4M3 || type == DType.I8
                            ? refusesRows(weight, NARROW_CHUNK)
                            : "weights that are not F8_E4M3 or I8";
            case BLOCKED ->
                    type == DType.Q4_0 || type == DType.Q4_K
                            ? refusesRows(
                                    weight,
                                    launcher.constant(reading.file, "linear_blocks_segment"))
                            : "weights that are not Q4_0 or Q4_K";
        };
    }

    private static String refusesRows(Tensor weight, int elements) {
        return weight.dim(1) % elements == 0 && weight.offset() % elements == 0
                ? null
                : "rows of weights that are not multiples of " + elements;
    }

    @Override
    long productBytes(Op.Linear op) {
        return weightBytes(op.weight());
    }

    /** Scratch that a weight takes. */
    long weightBytes(Tensor weight) {
        return reading == Reading.PACKED ? Packed.bytes(weight) : 0;
    }

    @Override
    int mostShares() {
        return launcher.constant(FILE, "linear_mma_shares");
    }

    @Override
    void product(Operands operands, Op.Linear op, ProductInput x, Shares shares, Tensor low) {
        int columns = op.weight().dim(0);
        Tensor weight = weight(operands, op.weight());
        MmaTile tile = MmaTile.fitting(launcher, reading.file, shares, columns);
        String entry = entry("linear", op.weight(), tile);
        Arguments arguments = arguments(operands, op, x.x(), weight, shares, low);
        tile.launch(launcher, entry, shares, columns, arguments);
    }

    /**
     * What the kernels of a product take.
     *
     * @param x in the compute type
     * @param weight as the kernel reads it
     * @param shares packed
     * @param low S, or null
     */
    Arguments arguments(
            Operands operands, Op.Linear op, Tensor x, Tensor weight, Shares shares, Tensor low) {
        Arguments sides =
                new Arguments()
                        .pointer(Launcher.address(x))
                        .i64(x.stride(0))
                        .i64(x.stride(1))
                        .i32(x.dim(1))
                        .pointer(Launcher.address(weight))
                        .pointer(Launcher.address(low))
                        .i32(low == null ? 0 : Math.toIntExact(low.stride(0)));
        shares.add(sides, mostShares());
        return operands.epilogue(sides, op.bias(), op.epilogue())
                .pointer(Launcher.address(op.out()))
                .i32(x.dim(2))
                .i32(op.weight().dim(0));
    }

    /**
     * {@code out = dy W + S A}.
     *
     * @param dy [rows, out] packed
     * @param low S, from {@link LowRankMma#makeOfInput}, or null
     * @param down A [rank, in] packed, or null
     */
    void linearInput(
            Operands operands, Tensor dy, Tensor weight, Tensor low, Tensor down, Tensor out) {
        int rows = dy.dim(0);
        int in = weight.dim(1);
        Tensor packed = weight(operands, weight);
        MmaTile tile = MmaTile.fitting(launcher, reading.file, rows, in);
        tile.launch(
                launcher,
                entry("linear_input", weight, tile),
                rows,
                in,
                new Arguments()
                        .pointer(Launcher.address(dy))
                        .i32(dy.dim(1))
                        .pointer(Launcher.address(packed))
                        .i32(packed.dim(1))
                        .pointer(Launcher.address(low))
                        .pointer(Launcher.address(down))
                        .i32(down == null ? 0 : down.dim(0))
                        .i32(low == null ? 0 : low.dim(1))
                        .pointer(Launcher.address(out))
                        .i32(rows)
                        .i32(in)
                        .i32(weight.dim(0)));
    }

    private Tensor weight(Operands operands, Tensor weight) {
        return reading == Reading.PACKED ? Packed.of(launcher, operands, weight) : weight;
    }

    private String entry(String product, Tensor weight, MmaTile tile) {
        String type = reading == Reading.PACKED ? "" : "_" + DTypeCode.shortName(weight.dtype());
        return product + "_" + reading.variant + type + "_" + tile.size();
    }
}
