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

/** Attention of wide heads in chunks of queries; that one chunk is right is in the parity suite. */
class AttentionWideTest {
    private static final int SEQ_LEN = 131;
    private static final int KEY_LEN = 9;
    private static final int HEADS = 2;
    private static final int HEAD_DIM = 136;
    private static final long BYTES_PER_ROW = 16 * 6; // of scores: 9 keys take 16

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

    @Test
    void chunksOfQueries_giveTheBitsOfOneChunk() {
        Random random = new Random(1);
        Tensor q = heads(random, SEQ_LEN, HEADS);
        Tensor k = heads(random, KEY_LEN, 1);
        Tensor v = heads(random, KEY_LEN, 1);
        Op.Attention whole = operation(q, k, v);
        Op.Attention parts = operation(q, k, v);
        run(whole, SEQ_LEN * BYTES_PER_ROW);
        run(parts, 128 * BYTES_PER_ROW);
        assertThat(bytes(parts.out())).isEqualTo(bytes(whole.out()));
        assertThat(bytes(parts.lse())).isEqualTo(bytes(whole.lse()));
    }

    @Test
    void workspace_isThatOfAChunk() {
        Random random = new Random(1);
        Tensor q = heads(random, SEQ_LEN, HEADS);
        Tensor k = heads(random, KEY_LEN, 1);
        Op.Attention op = operation(q, k, k);
        assertThat(new AttentionWide(launcher, 0).workspaceBytes(op))
                .as("a row of tiles at least")
                .isEqualTo(128 * BYTES_PER_ROW);
        assertThat(new AttentionWide(launcher, 1 << 20).workspaceBytes(op))
                .isEqualTo(SEQ_LEN * BYTES_PER_ROW);
    }

    private void run(Op.Attention op, long scoreBytes) {
        new AttentionWide(launcher, scoreBytes).run(op);
    }

    private Op.Attention operation(Tensor q, Tensor k, Tensor v) {
        Tensor lse = gpu.tensor(DType.F32, 1, HEADS, SEQ_LEN);
        Tensor out = gpu.tensor(DType.BF16, q.shape().dims());
        return new Op.Attention(q, k, v, 0.1f, AttentionMask.none(), lse, out);
    }

    /** Random heads: the upper halves of floats. */
    private Tensor heads(Random random, int tokens, int numHeads) {
        Tensor heads = gpu.tensor(DType.BF16, 1, tokens, numHeads, HEAD_DIM);
        ByteBuffer data = buffer(heads);
        while (data.hasRemaining()) {
            int bits = Float.floatToIntBits((float) random.nextGaussian());
            data.putShort((short) (bits >> 16));
        }
        gpu.memory().write(data.flip(), heads);
        return heads;
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
