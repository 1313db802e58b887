package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/**
 * Launches attention_wide.cu, tensor cores for bf16 heads of any width: head by head, for chunks of
 * queries whose scores fit the scratch given, the product with the keys, the softmax of its rows,
 * and the product with the values.
 */
final class AttentionWide implements Variant<Op.Attention> {
    /** Scratch for the scores of a chunk: 1,280 queries of 16,384 keys, enough to fill a GPU. */
    static final long SCORE_BYTES = 128L << 20;

    private static final String FILE = "attention_wide";

    /** Chunks are whole tiles. */
    private static final int TILE_ROWS = 128;

    /** A score in f32 and what the softmax makes of it in bf16. */
    private static final int BYTES_PER_SCORE = DType.F32.bytes() + DType.BF16.bytes();

    private final Launcher launcher;
    private final long scoreBytes;

    /**
     * @param scoreBytes most scratch for scores, unless one row of tiles needs more
     */
    AttentionWide(Launcher launcher, long scoreBytes) {
        this.launcher = launcher;
        this.scoreBytes = scoreBytes;
    }

    @Override
    public String name() {
        return "wide";
    }

    @Override
    public String refuses(Op.Attention op) {
        return AttentionArguments.refusesTensorCores(
                launcher, op, op.q(), op.k(), op.v(), op.out());
    }

    @Override
    public void run(Op.Attention op) {
        try (Operands operands = launcher.operands()) {
            Tensor q = operands.activation(op.q());
            Tensor k = operands.activation(op.k());
            Tensor v = operands.activation(op.v());
            launch(operands, op, q, k, v, operands.parameter(op.mask().bias()));
        }
    }

    @Override
    public long workspaceBytes(Op.Attention op) {
        int pitch = Packed.pitch(op.k().dim(1));
        return (long) BYTES_PER_SCORE * chunk(op.q().dim(1), pitch) * pitch;
    }

    private void launch(
            Operands operands, Op.Attention op, Tensor q, Tensor k, Tensor v, Tensor bias) {
        int seqLen = q.dim(1);
        int pitch = Packed.pitch(k.dim(1));
        int chunk = chunk(seqLen, pitch);
        Tensor scores = operands.scratch(DType.F32, Shape.of(chunk, pitch));
        Tensor weights = operands.scratch(DType.BF16, Shape.of(chunk, pitch));
        int group = q.dim(2) / k.dim(2);
        for (int sample = 0; sample < q.dim(0); sample++) {
            for (int head = 0; head < q.dim(2); head++) {
                Tensor keys = head(k, sample, head / group);
                Tensor values = head(v, sample, head / group);
                for (int first = 0; first < seqLen; first += chunk) {
                    int rows = Math.min(chunk, seqLen - first);
                    Tensor queries = head(q, sample, head).narrow(1, first, rows);
                    Tensor out = head(op.out(), sample, head).narrow(1, first, rows);
                    scores(op, queries, keys, bias, sample, head, first, scores);
                    softmax(scores, weights, rows, lse(op.lse(), sample, head, first));
                    values(weights, values, out);
                }
            }
        }
    }

    /** Queries whose scores are in memory at once. */
    private int chunk(int seqLen, int pitch) {
        long rows = scoreBytes / ((long) BYTES_PER_SCORE * Math.max(1, pitch));
        return (int) Math.min(seqLen, Math.max(1, rows / TILE_ROWS) * TILE_ROWS);
    }

    private static Tensor head(Tensor heads, int sample, int head) {
        return heads.narrow(0, sample, 1).narrow(2, head, 1);
    }

    private static Tensor lse(Tensor lse, int sample, int head, int first) {
        return lse == null
                ? null
                : lse.narrow(0, sample, 1).narrow(1, head, 1).narrow(2, first, lse.dim(2) - first);
    }

    private static Arguments rows(Arguments arguments, Tensor rows) {
        return arguments.pointer(Launcher.address(rows)).i32(Math.toIntExact(rows.stride(1)));
    }

    private void scores(
            Op.Attention op,
            Tensor q,
            Tensor k,
            Tensor bias,
            int sample,
            int head,
            int first,
            Tensor scores) {
        int pitch = scores.dim(1);
        Arguments arguments = rows(rows(new Arguments(), q), k);
        AttentionArguments.scores(arguments, op.scale(), op.mask(), bias)
                .pointer(Launcher.address(scores))
                .i32(sample)
                .i32(head)
                .i32(first)
                .i32(q.dim(1))
                .i32(op.q().dim(1))
                .i32(k.dim(1))
                .i32(q.dim(3))
                .i32(pitch);
        MmaTile tile = MmaTile.fitting(launcher, FILE, q.dim(1), pitch);
        tile.launch(launcher, FILE + "_scores_" + tile.size(), q.dim(1), pitch, arguments);
    }

    private void softmax(Tensor scores, Tensor weights, int rows, Tensor lse) {
        launcher.launch(
                FILE,
                "row_softmax" + launcher.suffix(),
                Grid.of(rows),
                new Arguments()
                        .pointer(Launcher.address(scores))
                        .pointer(Launcher.address(weights))
                        .pointer(Launcher.address(lse))
                        .i32(scores.dim(1)));
    }

    private void values(Tensor weights, Tensor v, Tensor out) {
        int rows = out.dim(1);
        int headDim = out.dim(3);
        Arguments arguments =
                new Arguments().pointer(Launcher.address(weights)).i32(weights.dim(1));
        rows(rows(arguments, v), out).i32(rows).i32(v.dim(1)).i32(headDim);
        MmaTile tile = MmaTile.fitting(launcher, FILE, rows, headDim);
        tile.launch(launcher, FILE + "_values_" + tile.size(), rows, headDim, arguments);
    }
}
