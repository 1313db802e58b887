package glance.backend.cpu;

import glance.backend.Kernel;
import glance.op.Op;
import glance.op.TrainingOp;
import glance.tensor.Tensor;

/**
 * Gradients of attention in tiles, the scores computed again from the saved log-sum-exp (Dao et
 * al., arXiv 2205.14135, algorithm 4). A task owns one key head and a chunk of its keys, with all
 * query heads that read it; {@link AttentionGradBlock} does the work.
 *
 * <p>dk and dv belong to one task each. dq gets a part from every chunk of keys: the parts are kept
 * apart and added in order. The number of chunks depends on the shapes alone, so the result has the
 * same bits for any number of threads. The alternative, one pass for dq and one for dk and dv,
 * needs no parts but seven products instead of five.
 */
final class AttentionGradKernel implements Kernel<TrainingOp.AttentionGrad> {
    /** Tasks of a sample at least, if there are keys enough: work for as many threads. */
    private static final int TASKS = 32;

    private final Workers workers;
    private final CpuMemory memory;

    AttentionGradKernel(Workers workers, CpuMemory memory) {
        this.workers = workers;
        this.memory = memory;
    }

    @Override
    public void run(TrainingOp.AttentionGrad op) {
        for (int b = 0; b < op.forward().q().dim(0); b++) {
            sample(op, b);
        }
    }

    private void sample(TrainingOp.AttentionGrad op, int b) {
        Op.Attention forward = op.forward();
        int heads = forward.q().dim(2);
        int kvHeads = forward.k().dim(2);
        int keyBlocks =
                (forward.k().dim(1) + AttentionGradBlock.KEYS - 1) / AttentionGradBlock.KEYS;
        int chunks = Math.min(keyBlocks, (TASKS + kvHeads - 1) / kvHeads);
        try (AttentionGradInputs inputs = new AttentionGradInputs(op, b, memory)) {
            long partSize = (long) heads * inputs.queryRows * inputs.dimColumns;
            CpuStorage parts = memory.scratch(chunks * partSize);
            try {
                workers.forEach(heads, inputs::pack);
                workers.forEach(
                        kvHeads * chunks,
                        task -> {
                            int chunk = task % chunks;
                            int part = Math.toIntExact(chunk * partSize);
                            AttentionGradBlock block =
                                    new AttentionGradBlock(
                                            inputs, task / chunks, parts.floats, part);
                            int end = (int) ((long) keyBlocks * (chunk + 1) / chunks);
                            for (int i = (int) ((long) keyBlocks * chunk / chunks); i < end; i++) {
                                block.run(i * AttentionGradBlock.KEYS);
                            }
                        });
                workers.forEachRange(
                        forward.q().dim(1),
                        chunks * heads * inputs.dimColumns,
                        i -> addParts(op, inputs, b, i, parts.floats, chunks, (int) partSize));
            } finally {
                parts.release();
            }
        }
    }

    /** {@code dq = scale (part + part + ...)} for one query in all heads. */
    private static void addParts(
            TrainingOp.AttentionGrad op,
            AttentionGradInputs inputs,
            int b,
            int query,
            float[] parts,
            int chunks,
            int partSize) {
        Tensor dq = op.dq();
        float[] dqs = CpuStorage.floats(dq);
        int headDim = dq.dim(3);
        for (int head = 0; head < dq.dim(2); head++) {
            int to = HeadPanels.position(dq, b, query, head);
            int from = (head * inputs.queryRows + query) * inputs.dimColumns;
            System.arraycopy(parts, from, dqs, to, headDim);
            for (int chunk = 1; chunk < chunks; chunk++) {
                Rows.add(parts, chunk * partSize + from, dqs, to, headDim);
            }
            for (int d = 0; d < headDim; d++) {
                dqs[to + d] *= op.forward().scale();
            }
        }
    }
}
