package glance.ops;

import glance.op.Op;
import glance.op.Rounded;
import glance.tensor.DType;
import glance.tensor.Tensor;

/** The adaptive norm, as an operation that has not run. */
final class Modulated {
    private Modulated() {}

    /** Checks the arguments and makes room for the result. */
    static Op.LayerNorm norm(Execution ops, Tensor x, Tensor scale, Tensor shift, float eps) {
        String op = "layerNormModulate";
        Check.rank(op, "x", x, 3, "[batch, seqLen, dim]");
        Check.rows(op, "x", x);
        Check.perSample(op, "scale", scale, x.dim(0), x.dim(2));
        Check.perSample(op, "shift", shift, x.dim(0), x.dim(2));
        Tensor out = ops.empty(ops.computeType(), x.shape());
        return new Op.LayerNorm(x, null, null, scale, shift, eps, out);
    }

    /** Room for a result in 8 bits. */
    static Rounded room(Execution ops, Tensor out) {
        return new Rounded(
                ops.empty(DType.F8_E4M3, out.shape()), ops.empty(DType.F32, Rounded.scales(out)));
    }

    /** The same norm, which rounds its result too. */
    static Op.LayerNorm rounding(Op.LayerNorm norm, Rounded rounded) {
        return new Op.LayerNorm(
                norm.x(),
                norm.weight(),
                norm.bias(),
                norm.scale(),
                norm.shift(),
                norm.eps(),
                norm.out(),
                rounded);
    }
}
