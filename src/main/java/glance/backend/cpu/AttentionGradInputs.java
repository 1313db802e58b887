package glance.backend.cpu;

import glance.op.Op;
import glance.op.TrainingOp;
import glance.tensor.Tensor;
import java.util.Arrays;

/**
 * What every block of the attention gradient reads of one sample, packed once: the scaled queries
 * and dy, each in both kinds of panels, and two numbers per query. R = rows of a tile.
 */
final class AttentionGradInputs implements AutoCloseable {
    private static final int ROWS = Simd.INSTANCE.tileRows();

    final TrainingOp.AttentionGrad op;
    final int sample;
    final int headDim;

    /** Number of queries, padded to tile rows. */
    final int queryRows;

    /** Head dimensions, padded to tile rows and to tile columns. */
    final int dimRows;

    final int dimColumns;

    final float[] queriesByToken; // [numHeads, queryRows / R][headDim, R]
    final float[] queriesByDim; // [numHeads, dimRows / R][queryRows, R]
    final float[] dyByToken;
    final float[] dyByDim;

    /** Log-sum-exp of a query's scores; infinity where every probability is zero. */
    final float[] lse; // [numHeads, queryRows]

    /** {@code dy . y} of a query. */
    final float[] rowDots; // [numHeads, queryRows]

    private final CpuStorage[] owned = new CpuStorage[6];

    AttentionGradInputs(TrainingOp.AttentionGrad op, int sample, CpuMemory memory) {
        this.op = op;
        this.sample = sample;
        Tensor q = op.forward().q();
        headDim = q.dim(3);
        queryRows = HeadPanels.padded(q.dim(1), ROWS);
        dimRows = HeadPanels.padded(headDim, ROWS);
        dimColumns = HeadPanels.padded(headDim, Simd.INSTANCE.tileColumns());
        long tokens = (long) q.dim(2) * queryRows;
        queriesByToken = own(0, memory, tokens * headDim);
        queriesByDim = own(1, memory, tokens * dimRows);
        dyByToken = own(2, memory, tokens * headDim);
        dyByDim = own(3, memory, tokens * dimRows);
        lse = own(4, memory, tokens);
        rowDots = own(5, memory, tokens);
    }

    private float[] own(int slot, CpuMemory memory, long numel) {
        owned[slot] = memory.scratch(numel);
        return owned[slot].floats;
    }

    /** Fills the part of one head. */
    void pack(int head) {
        Op.Attention forward = op.forward();
        pack(forward.q(), head, forward.scale(), queriesByToken, queriesByDim);
        pack(op.dy(), head, 1, dyByToken, dyByDim);
        int seqLen = forward.q().dim(1);
        int at = head * queryRows;
        Arrays.fill(lse, at + seqLen, at + queryRows, Float.POSITIVE_INFINITY);
        Arrays.fill(rowDots, at + seqLen, at + queryRows, 0);
        float[] saved = CpuStorage.floats(forward.lse());
        int savedAt = (int) forward.lse().offset() + (sample * forward.q().dim(2) + head) * seqLen;
        float[] dys = CpuStorage.floats(op.dy());
        float[] ys = CpuStorage.floats(forward.out());
        for (int i = 0; i < seqLen; i++) {
            float value = saved[savedAt + i];
            // a query that sees no key; -inf - (-inf) would be NaN
            lse[at + i] = value == Float.NEGATIVE_INFINITY ? Float.POSITIVE_INFINITY : value;
            int dy = HeadPanels.position(op.dy(), sample, i, head);
            int y = HeadPanels.position(forward.out(), sample, i, head);
            rowDots[at + i] = Simd.INSTANCE.dot(dys, dy, ys, y, headDim);
        }
    }

    private void pack(Tensor t, int head, float scale, float[] byToken, float[] byDim) {
        int count = t.dim(1);
        HeadPanels.byToken(
                t, sample, head, 0, count, ROWS, scale, byToken, head * queryRows * headDim);
        HeadPanels.byDim(
                t,
                sample,
                head,
                0,
                count,
                queryRows,
                ROWS,
                scale,
                byDim,
                head * queryRows * dimRows);
    }

    @Override
    public void close() {
        for (CpuStorage storage : owned) {
            if (storage != null) {
                storage.release();
            }
        }
    }
}
