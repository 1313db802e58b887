package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import glance.op.AttentionMask;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Hopper's attention by pairs of blocks, which copy keys and values for each other; that it is
 * right is in the parity suite. The emulated GPU has 4 multiprocessors: 2 pairs or 4 tiles of 128
 * queries are a wave.
 */
class AttentionPairsTest {
    private static final int SAMPLES = 2;
    private static final AttentionMask NONE = AttentionMask.none();

    private EmulatedGpu gpu;
    private AttentionWgmma attention;
    private Random random;

    @BeforeEach
    void open() {
        gpu = EmulatedGpu.open();
        attention = AttentionWgmma.pairs(gpu.launcher(DType.BF16), true);
        random = new Random(1);
    }

    @AfterEach
    void close() {
        if (gpu != null) {
            gpu.close();
        }
    }

    /** The waves of pairs, and those of tiles. */
    @ParameterizedTest
    @CsvSource({
        "1, 128, 8, false", // no tile has a neighbour
        "1, 129, 1, true", // 1, 1
        "1, 256, 3, true", // 2, 2
        "1, 257, 1, true", // 1, 1
        "1, 257, 2, true", // 2, 2
        "1, 257, 3, true", // 3, 3
        "2, 257, 2, false", // 4, 3
        "1, 513, 1, true" // 2, 2
    })
    void pairs_areTakenWhereTheyAddNoWave(int batch, int seqLen, int heads, boolean expected) {
        Tensor q = gpu.tensor(DType.BF16, batch, seqLen, heads, 64);
        assertThat(attention.takesPairs(operation(q, q, q, NONE))).isEqualTo(expected);
    }

    /** With a causal mask the second tile sees more keys than the first. */
    @Test
    void pairs_areNotTakenWhereTilesSeeDifferentKeys() {
        Tensor q = gpu.tensor(DType.BF16, 2, 256, 1, 64);
        AttentionMask padded = AttentionMask.paddedPrefix(5, lengths(5, 0));
        assertThat(attention.takesPairs(operation(q, q, q, padded))).isTrue();
        assertThat(attention.takesPairs(operation(q, q, q, padded.withBias(bias(1, 256, 256)))))
                .isTrue();
        assertThat(attention.takesPairs(operation(q, q, q, padded.andCausal()))).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "257, 300, 1, 1, 128", // the last tile has no neighbour
        "130, 127, 3, 1, 128", // pairs walk, some keys and values are outside
        "384, 64, 2, 2, 64", // half of each tile of keys is outside
        "513, 129, 1, 1, 72"
    })
    void pairs_giveTheBitsOfSingleBlocks(
            int seqLen, int keyLen, int heads, int kvHeads, int headDim) {
        Tensor q = heads(seqLen, heads, headDim);
        Tensor k = heads(keyLen, kvHeads, headDim);
        Tensor v = heads(keyLen, kvHeads, headDim);
        expectSameBits(q, k, v, NONE);
    }

    /** Tiles of keys are skipped, have an edge, or hide all keys of a sample. */
    @ParameterizedTest
    @CsvSource({"300, 0, 300", "300, 300, 140", "400, 0, 5", "400, 129, 0"})
    void pairsWithPadding_giveTheBitsOfSingleBlocks(int prefix, int first, int second) {
        Tensor q = heads(258, 1, 128);
        Tensor k = heads(400, 1, 128);
        AttentionMask padded = AttentionMask.paddedPrefix(prefix, lengths(first, second));
        expectSameBits(q, k, heads(400, 1, 128), padded);
    }

    @Test
    void pairsWithBias_giveTheBitsOfSingleBlocks() {
        Tensor q = heads(258, 2, 64);
        Tensor k = heads(140, 2, 64);
        expectSameBits(q, k, heads(140, 2, 64), NONE.withBias(bias(2, 258, 140)));
    }

    private void expectSameBits(Tensor q, Tensor k, Tensor v, AttentionMask mask) {
        Op.Attention pairs = operation(q, k, v, mask);
        Op.Attention single = operation(q, k, v, mask);
        attention.run(pairs, true);
        attention.run(single, false);
        assertThat(bytes(pairs.out())).isEqualTo(bytes(single.out()));
        assertThat(bytes(pairs.lse())).isEqualTo(bytes(single.lse()));
    }

    private Op.Attention operation(Tensor q, Tensor k, Tensor v, AttentionMask mask) {
        Tensor lse = gpu.tensor(DType.F32, q.dim(0), q.dim(2), q.dim(1));
        Tensor out = gpu.tensor(DType.BF16, q.shape().dims());
        return new Op.Attention(q, k, v, 0.1f, mask, lse, out);
    }

    /** Random heads: the upper halves of floats. */
    private Tensor heads(int tokens, int numHeads, int headDim) {
        Tensor heads = gpu.tensor(DType.BF16, SAMPLES, tokens, numHeads, headDim);
        ByteBuffer data = buffer(heads);
        while (data.hasRemaining()) {
            int bits = Float.floatToIntBits((float) random.nextGaussian());
            data.putShort((short) (bits >> 16));
        }
        gpu.memory().write(data.flip(), heads);
        return heads;
    }

    private Tensor bias(int heads, int seqLen, int keyLen) {
        Tensor bias = gpu.tensor(DType.F32, heads, seqLen, keyLen);
        ByteBuffer data = buffer(bias);
        while (data.hasRemaining()) {
            data.putFloat((float) random.nextGaussian());
        }
        gpu.memory().write(data.flip(), bias);
        return bias;
    }

    private Tensor lengths(int first, int second) {
        Tensor lengths = gpu.tensor(DType.I32, SAMPLES);
        gpu.memory().write(buffer(lengths).putInt(first).putInt(second).flip(), lengths);
        return lengths;
    }

    private ByteBuffer bytes(Tensor tensor) {
        ByteBuffer data = buffer(tensor);
        gpu.memory().read(tensor, data);
        return data.rewind();
    }

    private static ByteBuffer buffer(Tensor tensor) {
        int bytes = Math.toIntExact(tensor.numel() * tensor.dtype().bytes());
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
