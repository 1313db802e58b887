package glance.ops;

import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.List;

/** Other places, strides and dtypes for the same values. */
public sealed interface CopyOps extends Execution
        permits PointwiseOps, AttentionOps, LookupOps, ConvOps, SamplerOps {
    /** Joins tensors along {@code axis}; other dimensions must agree. */
    default Tensor concat(int axis, List<Tensor> parts) {
        Check.allGiven("concat", "parts", parts);
        Check.that(!parts.isEmpty(), "concat", "needs at least one part");
        Shape first = parts.get(0).shape();
        Check.that(
                axis >= -first.rank() && axis < first.rank(),
                "concat",
                "axis " + axis + " does not exist in parts[0] " + first);
        int total = 0;
        for (int i = 0; i < parts.size(); i++) {
            Tensor part = parts.get(i);
            String name = "parts[" + i + "]";
            Check.rank("concat", name, part, first.rank(), "like parts[0] " + first);
            Shape want = first.with(axis, part.dim(axis));
            Check.shape("concat", name, part, want, "to match parts[0] outside axis " + axis);
            total += part.dim(axis);
        }
        Tensor out = empty(computeType(), first.with(axis, total));
        int at = 0;
        for (Tensor part : parts) {
            run(new Op.Copy(part, out.narrow(axis, at, part.dim(axis))));
            at += part.dim(axis);
        }
        return out;
    }

    /** The tensor itself if it is contiguous, else a packed copy of the same dtype. */
    default Tensor contiguous(Tensor x) {
        Check.given("contiguous", "x", x);
        if (x.isContiguous()) {
            return x;
        }
        Tensor out = empty(x.dtype(), x.shape());
        run(new Op.Copy(x, out));
        return out;
    }

    /** A packed copy in the compute dtype, whatever strides and float dtype x has. */
    default Tensor pack(Tensor x) {
        Check.given("pack", "x", x);
        Tensor out = empty(computeType(), x.shape());
        run(new Op.Copy(x, out));
        return out;
    }

    /**
     * Fills {@code target} with the values of {@code x}, in the dtype and strides of each: the one
     * operation that changes a tensor that there was before. It cannot be recorded.
     *
     * @param target the shape of x
     */
    default void copy(Tensor x, Tensor target) {
        Check.given("copy", "x", x);
        Check.shape("copy", "target", target, x.shape(), "to match x");
        Check.that(!isRecorded(), "copy", "a tensor is not overwritten while there is a tape");
        run(new Op.Copy(x, target));
    }

    /** The tensor itself if it has the dtype, else a converted copy. */
    default Tensor cast(Tensor x, DType dtype) {
        Check.given("cast", "x", x, "dtype", dtype);
        if (x.dtype() == dtype) {
            return x;
        }
        Tensor out = empty(dtype, x.shape());
        run(new Op.Copy(x, out));
        return out;
    }
}
