package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.op.AttentionMask;
import glance.op.Op;
import glance.tensor.Tensor;

/** What the kernels of attention are told in the same order, forward and backward. */
final class AttentionArguments {
    private AttentionArguments() {}

    /** q, k and v, each followed by its strides. */
    static Arguments heads(Tensor q, Tensor k, Tensor v) {
        Arguments arguments = new Arguments();
        for (Tensor x : new Tensor[] {q, k, v}) {
            arguments.pointer(Launcher.address(x)).struct(x.stride(0), x.stride(1), x.stride(2));
        }
        return arguments;
    }

    /** Scale and mask; the bias in f32. */
    static Arguments scores(Arguments arguments, float scale, AttentionMask mask, Tensor bias) {
        return arguments
                .f32(scale)
                .i32(mask.causal() ? 1 : 0)
                .i32(mask.prefix())
                .pointer(Launcher.address(mask.lengths()))
                .pointer(Launcher.address(bias));
    }

    /** seqLen, keyLen, numHeads, numKvHeads, headDim. */
    static Arguments sizes(Arguments arguments, Tensor q, Tensor k) {
        return arguments.i32(q.dim(1)).i32(k.dim(1)).i32(q.dim(2)).i32(k.dim(2)).i32(q.dim(3));
    }

    /** Why kernels for tensor cores do not take an attention, or null. */
    static String refusesTensorCores(Launcher launcher, Op.Attention op, Tensor... heads) {
        if (!(op.scale() > 0)) {
            return "a scale that is not positive: the largest score must stay the largest";
        }
        return Packed.areActivations(launcher, heads)
                ? null
                : "heads that are not bf16 in aligned chunks";
    }
}
