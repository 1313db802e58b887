package glance.backend.cpu;

import glance.backend.Kernel;
import glance.backend.Op;
import glance.tensor.Tensor;

/** Linear product with low-rank addition and epilogue. */
final class LinearKernel implements Kernel<Op.Linear> {
    private final Workers workers;

    LinearKernel(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void run(Op.Linear op) {
        Tensor x = op.x();
        int batch = x.dim(0);
        int seqLen = x.dim(1);
        int in = x.dim(2);
        int out = op.weight().dim(0);
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floats(op.out());
        float[] low = op.lora() == null ? null : project(op, batch, seqLen, in);
        int rank = low == null ? 0 : op.lora().a().dim(0);
        float[] bias = op.bias() == null ? null : CpuStorage.floats(op.bias());
        workers.forEach(
                out,
                n -> {
                    float[] w = new float[in];
                    Widen.toFloats(op.weight(), op.weight().offset() + (long) n * in, w, 0, in);
                    float[] b = new float[rank];
                    if (rank > 0) {
                        Widen.toFloats(
                                op.lora().b(),
                                op.lora().b().offset() + (long) n * rank,
                                b,
                                0,
                                rank);
                    }
                    for (int i = 0; i < batch * seqLen; i++) {
                        int row =
                                (int)
                                        (x.offset()
                                                + i / seqLen * x.stride(0)
                                                + i % seqLen * x.stride(1));
                        double sum = bias == null ? 0 : bias[n];
                        for (int k = 0; k < in; k++) {
                            sum += (double) xs[row + k] * w[k];
                        }
                        double delta = 0;
                        for (int r = 0; r < rank; r++) {
                            delta += (double) low[i * rank + r] * b[r];
                        }
                        float y = (float) (rank == 0 ? sum : sum + op.lora().scale() * delta);
                        y = Activations.apply(op.epilogue().activation(), y);
                        if (op.epilogue().gate() != null) {
                            Tensor g = op.epilogue().gate();
                            int sample = g.dim(0) == 1 ? 0 : i / seqLen;
                            y *=
                                    CpuStorage.floats(g)[
                                            (int) (g.offset() + sample * g.stride(0)) + n];
                        }
                        if (op.epilogue().residual() != null) {
                            Tensor r = op.epilogue().residual();
                            y +=
                                    CpuStorage.floats(r)[
                                            (int)
                                                            (r.offset()
                                                                    + i / seqLen * r.stride(0)
                                                                    + i % seqLen * r.stride(1))
                                                    + n];
                        }
                        ys[(int) op.out().offset() + i * out + n] = y;
                    }
                });
    }

    private float[] project(Op.Linear op, int batch, int seqLen, int in) {
        Tensor x = op.x();
        Tensor a = op.lora().a();
        int rank = a.dim(0);
        float[] xs = CpuStorage.floats(x);
        float[] as = new float[rank * in];
        Widen.toFloats(a, a.offset(), as, 0, rank * in);
        float[] low = new float[batch * seqLen * rank];
        workers.forEach(
                batch * seqLen,
                i -> {
                    int row =
                            (int)
                                    (x.offset()
                                            + i / seqLen * x.stride(0)
                                            + i % seqLen * x.stride(1));
                    for (int r = 0; r < rank; r++) {
                        double sum = 0;
                        for (int k = 0; k < in; k++) {
                            sum += (double) xs[row + k] * as[r * in + k];
                        }
                        low[i * rank + r] = (float) sum;
                    }
                });
        return low;
    }
}
