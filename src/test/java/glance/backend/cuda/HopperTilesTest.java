package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import glance.backend.cuda.driver.TensorMap;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Products of Hopper with tiles and clusters that they would not have by themselves, S made before
 * or in their launch: the bits are those of mma.sync, which the emulator adds in the same order.
 */
class HopperTilesTest {
    private final Random random = new Random(1);
    private EmulatedGpu gpu;
    private Launcher launcher;

    @BeforeEach
    void open() {
        gpu = EmulatedGpu.open();
        launcher = gpu.launcher(DType.BF16);
    }

    @AfterEach
    void close() {
        if (gpu != null) {
            gpu.close();
        }
    }

    /** linear_wgmma.cu with a tile of the test's choice. */
    private static final class OfOneTile extends HopperLinear {
        private final PersistentTile tile;

        OfOneTile(Launcher launcher, int columns, int together) {
            super(launcher, LinearWgmma.NAME, true);
            this.tile = new PersistentTile(constant("rows"), columns, together);
        }

        @Override
        String refusesWeight(Tensor weight) {
            return null;
        }

        @Override
        long productBytes(Op.Linear op) {
            return 0;
        }

        @Override
        PersistentTile tile(int length) {
            return tile;
        }

        @Override
        PersistentTile fastest(Samples samples, int columns) {
            return tile;
        }

        @Override
        TensorMap weights(Operands operands, Tensor weight, PersistentTile own) {
            return maps.matrix(weight, depth(DType.BF16), own.copiedColumns());
        }

        @Override
        TensorMap weightsAcross(Operands operands, Tensor weight) {
            return maps.matrix(weight, depth(DType.BF16), depth(DType.BF16));
        }

        @Override
        boolean makesLow() {
            return true;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "256, 1, 1, 260, 72, 776, 20", // three bands of rows
        "256, 2, 1, 260, 72, 776, 20", // the last of a pair is not there
        "128, 2, 1, 260, 200, 300, 128",
        "256, 2, 3, 70, 40, 520, 16 16 16", // a pair has rows of two samples
        "128, 2, 3, 140, 40, 264, 40 1 64", // two tiles of S for a band
        "128, 2, 1, 20, 72, 136, 8",
        "256, 2, 1, 400, 328, 300, 1",
        "128, 1, 2, 400, 8, 1100, 8 24"
    })
    void product_hasTheBitsOfMma(
            int columns, int together, int batch, int seqLen, int in, int out, String ranks) {
        Tensor x = filled(batch, seqLen + batch - 1, in + 8).narrow(1, 0, seqLen).narrow(2, 8, in);
        Tensor weight = filled(out, in);
        LinearMma mma = LinearMma.packed(launcher);
        OfOneTile hopper = new OfOneTile(launcher, columns, together);
        LowRankMma lowRank = new LowRankMma(launcher);
        try (Operands operands = launcher.operands()) {
            List<Shares> products = new ArrayList<>();
            for (String rank : ranks.split(" ")) {
                Shares shares = Shares.of(lora(in, out, Integer.parseInt(rank)), batch * seqLen);
                products.add(shares.packed(launcher, operands));
            }
            LowRows low = lowRank.groups(operands, x, products).get(0).low();
            LowRows made = lowRank.groups(operands, x, products).get(0).low();
            lowRank.make(x, low);
            ProductInput input = new ProductInput(x, null);
            Op.Linear expected = linear(x, weight, products.get(0));
            mma.product(operands, expected, input, products.get(0), low.of(0));
            Op.Linear plain = linear(x, weight, products.get(0));
            hopper.product(operands, plain, input, products.get(0), low.of(0));
            Op.Linear own = linear(x, weight, products.get(0));
            hopper.productMaking(operands, own, input, made);
            assertThat(read(plain.out())).isEqualTo(read(expected.out()));
            assertThat(read(own.out())).isEqualTo(read(expected.out()));
            for (int i = 0; i < products.size(); i++) {
                assertThat(read(made, i)).isEqualTo(read(low, i));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "256, 2, 260, 776, 136, 72",
        "128, 2, 260, 328, 200, 8",
        "256, 2, 130, 520, 200, 40", // S in the launch, here and below
        "128, 2, 130, 520, 72, 72",
        "128, 1, 70, 1032, 136, 130"
    })
    void gradientTowardsTheArgument_hasTheBitsOfMma(
            int columns, int together, int rows, int in, int out, int rank) {
        Tensor dy = filled(rows, out);
        Tensor weight = filled(out, in);
        LowRank lora = lora(in, out, rank);
        Tensor expected = gpu.tensor(DType.BF16, rows, in);
        Tensor own = gpu.tensor(DType.BF16, rows, in);
        try (Operands operands = launcher.operands()) {
            LowRank packed = Shares.of(lora, rows).packed(launcher, operands).of().get(0);
            LowRows low = LowRankMma.ofInput(operands, dy, packed);
            new LowRankMma(launcher).makeOfInput(dy, low);
            LinearMma.packed(launcher)
                    .linearInput(operands, dy, weight, low.s(), packed.a(), expected);
            Tensor made =
                    new OfOneTile(launcher, columns, together)
                            .linearInput(operands, dy, weight, packed, own);
            assertThat(read(own)).isEqualTo(read(expected));
            assertThat(read(new LowRows(low.products(), made), 0)).isEqualTo(read(low, 0));
        }
    }

    private Op.Linear linear(Tensor x, Tensor weight, Shares shares) {
        Tensor out = gpu.tensor(DType.BF16, x.dim(0), x.dim(1), weight.dim(0));
        return new Op.Linear(x, weight, null, shares.of().get(0), Epilogue.none(), out);
    }

    private LowRank lora(int in, int out, int rank) {
        Tensor scales = rank % 2 == 0 ? filled(DType.F32, rank) : null;
        return new LowRank(filled(rank, in), filled(out, rank), 0.7f, scales);
    }

    private Tensor filled(int... dims) {
        return filled(DType.BF16, dims);
    }

    private Tensor filled(DType dtype, int... dims) {
        Tensor tensor = gpu.tensor(dtype, dims);
        ByteBuffer bytes = buffer(tensor);
        while (bytes.hasRemaining()) {
            int bits = Float.floatToRawIntBits((float) random.nextGaussian());
            if (dtype == DType.F32) {
                bytes.putInt(bits);
            } else {
                bytes.putShort((short) (bits >> Short.SIZE));
            }
        }
        gpu.memory().write(bytes.flip(), tensor);
        return tensor;
    }

    private ByteBuffer read(Tensor tensor) {
        ByteBuffer bytes = buffer(tensor);
        gpu.memory().read(tensor, bytes);
        return bytes.rewind();
    }

    private static ByteBuffer buffer(Tensor tensor) {
        int bytes = Math.toIntExact(tensor.dtype().bytes(tensor.numel()));
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    /** The columns of S that are of its rank, without those between. */
    private ByteBuffer read(LowRows low, int product) {
        int rank = low.products().get(product).rank();
        Tensor own = low.of(product).narrow(1, 0, rank);
        Tensor copy = gpu.tensor(DType.BF16, own.dim(0), rank);
        CopyKernel.run(launcher, new Op.Copy(own, copy));
        return read(copy);
    }
}
