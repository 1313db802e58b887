package glance.backend.cpu;

import glance.op.Op;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;

/** Rows of tables, given or computed. */
final class Lookup {
    private Lookup() {}

    static void embedding(Op.Embedding op) {
        Tensor table = op.table();
        int dim = table.dim(1);
        float[] out = CpuStorage.floats(op.out());
        ByteBuffer ids = CpuStorage.of(op.ids()).bytes;
        for (int i = 0; i < op.ids().numel(); i++) {
            int id = ids.getInt(4 * ((int) op.ids().offset() + i));
            if (id < 0 || id >= table.dim(0)) {
                throw new IndexOutOfBoundsException(
                        "embedding: id " + id + " is not in a table of " + table.dim(0) + " rows");
            }
            Widen.toFloats(
                    table,
                    table.offset() + (long) id * dim,
                    out,
                    (int) op.out().offset() + i * dim,
                    dim);
        }
    }

    static void timestepEmbedding(Op.TimestepEmbedding op) {
        int half = op.out().dim(1) / 2;
        float[] ts = CpuStorage.floats(op.t());
        float[] out = CpuStorage.floats(op.out());
        for (int i = 0; i < op.t().dim(0); i++) {
            for (int j = 0; j < half; j++) {
                // float32 in the same order as the reference, whose rounding large angles make
                // visible
                float exponent = -(float) Math.log(10000) * j / (half - op.freqShift());
                float frequency = (float) Math.exp(exponent);
                float angle = op.scale() * (ts[(int) op.t().offset() + i] * frequency);
                int at = (int) op.out().offset() + 2 * half * i + j;
                out[at] = (float) Math.cos(angle);
                out[at + half] = (float) Math.sin(angle);
            }
        }
    }
}
