package glance.backend.cpu;

import glance.backend.Kernel;
import glance.op.Op;

/** Guidance with norm rescale and the Euler step, one token at a time. */
final class GuidedEulerKernel implements Kernel<Op.GuidedEuler> {
    @Override
    public void run(Op.GuidedEuler op) {
        int dim = op.latents().dim(2);
        int tokens = (int) (op.latents().numel() / Math.max(dim, 1));
        float[] xs = CpuStorage.floats(op.latents());
        float[] vs = CpuStorage.floats(op.velocity());
        float[] ns = op.negative() == null ? null : CpuStorage.floats(op.negative());
        float[] out = CpuStorage.floats(op.out());
        float[] v = new float[dim];
        for (int t = 0; t < tokens; t++) {
            int xAt = (int) op.latents().offset() + t * dim;
            int vAt = (int) op.velocity().offset() + t * dim;
            System.arraycopy(vs, vAt, v, 0, dim);
            if (ns != null) {
                int nAt = (int) op.negative().offset() + t * dim;
                double before = 0;
                double after = 0;
                for (int d = 0; d < dim; d++) {
                    before += (double) v[d] * v[d];
                    v[d] = ns[nAt + d] + op.guidance() * (v[d] - ns[nAt + d]);
                    after += (double) v[d] * v[d];
                }
                float rescale = op.rescale() && after > 0 ? (float) Math.sqrt(before / after) : 1;
                for (int d = 0; d < dim; d++) {
                    v[d] *= rescale;
                }
            }
            for (int d = 0; d < dim; d++) {
                out[(int) op.out().offset() + t * dim + d] = xs[xAt + d] + op.dt() * v[d];
            }
        }
    }
}
