package glance.backend.cpu;

import glance.backend.Kernel;
import glance.op.Op;

/** Guidance, rescaled or limited in its length, and the Euler step, one token at a time. */
final class GuidedEulerKernel implements Kernel<Op.GuidedEuler> {
    @Override
    public void run(Op.GuidedEuler op) {
        int dim = op.latents().dim(2);
        int tokens = op.latents().dim(1);
        float[] velocity = new float[dim];
        for (int b = 0; b < op.latents().dim(0); b++) {
            float limit = op.negative() == null || op.limit() == 0 ? 1 : limit(op, b, velocity);
            for (int t = 0; t < tokens; t++) {
                int token = (b * tokens + t) * dim;
                double lengths = guided(op, token, velocity);
                step(op, token, velocity, op.rescale() ? (float) Math.sqrt(lengths) : limit);
            }
        }
    }

    private static void step(Op.GuidedEuler op, int token, float[] velocity, float factor) {
        float[] xs = CpuStorage.floats(op.latents());
        float[] out = CpuStorage.floats(op.out());
        int from = (int) op.latents().offset() + token;
        int to = (int) op.out().offset() + token;
        for (int d = 0; d < velocity.length; d++) {
            out[to + d] = xs[from + d] + op.dt() * (velocity[d] * factor);
        }
    }

    /**
     * Puts the guided velocity of a token into {@code v}.
     *
     * @return {@code |plain|^2 / |guided|^2}, or 1 without a guided one
     */
    private static double guided(Op.GuidedEuler op, int token, float[] v) {
        int from = (int) op.velocity().offset() + token;
        System.arraycopy(CpuStorage.floats(op.velocity()), from, v, 0, v.length);
        if (op.negative() == null) {
            return 1;
        }
        float[] ns = CpuStorage.floats(op.negative());
        int nAt = (int) op.negative().offset() + token;
        double before = 0;
        double after = 0;
        for (int d = 0; d < v.length; d++) {
            before += (double) v[d] * v[d];
            v[d] = ns[nAt + d] + op.guidance() * (v[d] - ns[nAt + d]);
            after += (double) v[d] * v[d];
        }
        return after > 0 ? before / after : 1;
    }

    /** What the guided velocity of a sample is multiplied by, so that it is not too long. */
    private static float limit(Op.GuidedEuler op, int sample, float[] v) {
        int tokens = op.latents().dim(1);
        float[] vs = CpuStorage.floats(op.velocity());
        double before = 0;
        double after = 0;
        for (int t = 0; t < tokens; t++) {
            int token = (sample * tokens + t) * v.length;
            guided(op, token, v);
            for (int d = 0; d < v.length; d++) {
                double plain = vs[(int) op.velocity().offset() + token + d];
                before += plain * plain;
                after += (double) v[d] * v[d];
            }
        }
        double longest = op.limit() * Math.sqrt(before);
        return Math.sqrt(after) > longest ? (float) (longest / Math.sqrt(after)) : 1;
    }
}
