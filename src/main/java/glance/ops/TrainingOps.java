package glance.ops;

import glance.api.AdamWSettings;
import glance.op.Activation;
import glance.op.LowRank;
import glance.op.Op;
import glance.op.QuantizedBlocks;
import glance.op.TrainingOp;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Operations that only training needs: gradients, loss and optimizer. They are called by the
 * gradient rules with arguments that a forward operation already passed, so they check little.
 *
 * <p>What dtype a result has: the gradient of an activation is an activation, in the device's
 * compute dtype; the gradient of an adapter's factor, the loss and the norm are F32, as are the
 * parameters and the optimizer's state. Whatever the dtypes, sums are F32 or better, and only their
 * result is rounded. With BF16 activations no loss scaling is needed: BF16 has the exponents of
 * F32, so that a gradient that F32 would keep does not underflow.
 */
public final class TrainingOps {
    private final Ops ops;

    TrainingOps(Ops ops) {
        this.ops = ops;
    }

    /**
     * Gradients of linear without epilogue: {@code dx = dy W + scale (dy B) A}, {@code dA = scale
     * (dy B)^T x} and {@code dB = scale dy^T (x A^T)}; columns of {@code dy B} and {@code x A^T}
     * times the adapter's scales, if it has any. Hu et al., arXiv 2106.09685.
     *
     * @param dy [batch, seqLen, out]
     * @param input whether dx is wanted; else it is null
     * @param factors whether dA and dB are wanted; else they are null
     */
    public LinearGradients linear(Op.Linear forward, Tensor dy, boolean input, boolean factors) {
        Check.given("linear", "forward", forward, "dy", dy);
        Check.that(
                forward.lora() == null || forward.lora() instanceof LowRank,
                "linear",
                "gradients are of one adapter for all samples; run each sample alone");
        LowRank lora = (LowRank) forward.lora();
        Tensor x = forward.x();
        Tensor dx = input ? ops.empty(ops.computeType(), x.shape()) : null;
        Tensor da = factors ? ops.empty(DType.F32, lora.a().shape()) : null;
        Tensor db = factors ? ops.empty(DType.F32, lora.b().shape()) : null;
        Op.Linear packed =
                new Op.Linear(
                        factors ? ops.contiguous(x) : x,
                        forward.weight(),
                        forward.bias(),
                        lora,
                        forward.epilogue(),
                        forward.out());
        ops.run(new TrainingOp.LinearGrad(packed, ops.contiguous(dy), dx, da, db));
        return new LinearGradients(dx, da, db);
    }

    /** Gradients of linear: x [batch, seqLen, in]; of the adapter, F32, a and b. */
    public record LinearGradients(Tensor x, Tensor a, Tensor b) {}

    /** {@code sum over rows}: x [..., n], result [n]. */
    public Tensor sumRows(Tensor x) {
        Check.given("sumRows", "x", x);
        Tensor rows = ops.contiguous(x).reshape(-1, x.dim(-1));
        Tensor out = ops.empty(ops.computeType(), Shape.of(rows.dim(1)));
        ops.run(new TrainingOp.SumRows(rows, out));
        return out;
    }

    /** Gradients of attention with respect to q, k and v, in that order. */
    public List<Tensor> attention(Op.Attention forward, Tensor dy) {
        Check.given("attention", "forward", forward, "dy", dy);
        Tensor dq = ops.empty(ops.computeType(), forward.q().shape());
        Tensor dk = ops.empty(ops.computeType(), forward.k().shape());
        Tensor dv = ops.empty(ops.computeType(), forward.v().shape());
        ops.run(new TrainingOp.AttentionGrad(forward, ops.contiguous(dy), dq, dk, dv));
        return List.of(dq, dk, dv);
    }

    /** Gradients of the streams of headNormRope. */
    public List<Tensor> headNormRope(Op.HeadNormRope forward, Tensor dy) {
        Check.given("headNormRope", "forward", forward, "dy", dy);
        List<Tensor> dx = new ArrayList<>();
        forward.streams().forEach(x -> dx.add(ops.empty(ops.computeType(), x.shape())));
        ops.run(new TrainingOp.HeadNormRopeGrad(forward, ops.contiguous(dy), List.copyOf(dx)));
        return dx;
    }

    /** Gradient of the input of rmsNorm; a recorded one has no fused activation. */
    public Tensor rmsNorm(Op.RmsNorm forward, Tensor dy) {
        Check.given("rmsNorm", "forward", forward, "dy", dy);
        Tensor out = ops.empty(ops.computeType(), forward.x().shape());
        ops.run(new TrainingOp.RmsNormGrad(forward, ops.contiguous(dy), out));
        return out;
    }

    /**
     * Gradients of layerNorm: of x, scale and shift.
     *
     * @param modulation whether those of scale and shift are wanted; else they are null
     */
    public LayerNormGradients layerNorm(Op.LayerNorm forward, Tensor dy, boolean modulation) {
        Check.given("layerNorm", "forward", forward, "dy", dy);
        Tensor out = ops.empty(ops.computeType(), forward.x().shape());
        Tensor dScale = modulation ? packed(forward.scale()) : null;
        Tensor dShift = modulation ? packed(forward.shift()) : null;
        ops.run(new TrainingOp.LayerNormGrad(forward, ops.contiguous(dy), dScale, dShift, out));
        return new LayerNormGradients(out, dScale, dShift);
    }

    /** Gradients of layerNorm. */
    public record LayerNormGradients(Tensor x, Tensor scale, Tensor shift) {}

    /**
     * Gradients of gateResidual: of y and of the gate.
     *
     * @param gate whether that of the gate is wanted; else it is null
     */
    public GateGradients gateResidual(Op.GateResidual forward, Tensor dy, boolean gate) {
        Check.given("gateResidual", "forward", forward, "dy", dy);
        Tensor out = ops.empty(ops.computeType(), forward.y().shape());
        Tensor dGate = gate ? packed(forward.gate()) : null;
        ops.run(new TrainingOp.GateGrad(forward, ops.contiguous(dy), dGate, out));
        return new GateGradients(out, dGate);
    }

    /** Gradients of gateResidual. */
    public record GateGradients(Tensor y, Tensor gate) {}

    /** {@code act'(x) dy}. */
    public Tensor activation(Activation activation, Tensor x, Tensor dy) {
        Check.given("activation", "activation", activation, "x", x, "dy", dy);
        Tensor out = ops.empty(ops.computeType(), x.shape());
        ops.run(
                new TrainingOp.ActivationGrad(
                        activation, ops.contiguous(x), ops.contiguous(dy), out));
        return out;
    }

    /** {@code target += x}: the one operation besides the optimizer that changes an argument. */
    public void accumulate(Tensor x, Tensor target) {
        Check.given("accumulate", "target", target);
        Check.shape("accumulate", "x", x, target.shape(), "to match target");
        ops.run(new TrainingOp.Accumulate(x, target));
    }

    /** A tensor of zeros. */
    public Tensor zeros(DType dtype, Shape shape) {
        Check.given("zeros", "dtype", dtype, "shape", shape);
        return filled(dtype, shape, 0);
    }

    /** A tensor that is {@code value} everywhere. */
    public Tensor filled(DType dtype, Shape shape, float value) {
        Check.given("filled", "dtype", dtype, "shape", shape);
        Tensor out = ops.empty(dtype, shape);
        ops.run(new TrainingOp.Fill(value, out));
        return out;
    }

    /** The loss [1] and its gradient with respect to the prediction. */
    public Loss meanSquaredError(Tensor prediction, Tensor target) {
        Check.given("meanSquaredError", "prediction", prediction);
        Check.shape(
                "meanSquaredError", "target", target, prediction.shape(), "to match prediction");
        Tensor gradient = ops.empty(ops.computeType(), prediction.shape());
        Tensor value = ops.empty(DType.F32, Shape.of(1));
        ops.run(
                new TrainingOp.MseLoss(
                        ops.contiguous(prediction), ops.contiguous(target), gradient, value));
        return new Loss(prediction, value, gradient);
    }

    /**
     * A loss.
     *
     * @param prediction what was judged
     * @param value [1]
     * @param gradient of the value with respect to the prediction
     */
    public record Loss(Tensor prediction, Tensor value, Tensor gradient) {}

    /** {@code sqrt(sum of all squares)} of several tensors, [1]. */
    public Tensor globalNorm(List<Tensor> tensors) {
        Check.allGiven("globalNorm", "tensors", tensors);
        Tensor out = ops.empty(DType.F32, Shape.of(1));
        ops.run(new TrainingOp.GlobalNorm(List.copyOf(tensors), out));
        return out;
    }

    /**
     * One AdamW step, in place: parameters and moments are changed. Lists run in parallel; all
     * tensors are F32 and contiguous.
     *
     * @param clip factor on all gradients
     * @param step counted from 1
     */
    public void adamW(
            List<Tensor> parameters,
            List<Tensor> gradients,
            List<Tensor> firstMoments,
            List<Tensor> secondMoments,
            float clip,
            AdamWSettings settings,
            float learningRate,
            int step) {
        checkLists("adamW", parameters, gradients, firstMoments, secondMoments, settings);
        ops.run(
                new TrainingOp.AdamW(
                        parameters,
                        gradients,
                        firstMoments,
                        secondMoments,
                        clip,
                        settings,
                        learningRate,
                        step));
    }

    /**
     * {@link #adamW} with moments in 8 bits, changed in place like the parameters.
     *
     * @param firstMoments from {@link #quantizedZeros}
     * @param secondMoments from {@link #quantizedZeros}
     */
    public void adamW8Bit(
            List<Tensor> parameters,
            List<Tensor> gradients,
            List<QuantizedBlocks> firstMoments,
            List<QuantizedBlocks> secondMoments,
            float clip,
            AdamWSettings settings,
            float learningRate,
            int step) {
        checkLists("adamW8Bit", parameters, gradients, firstMoments, secondMoments, settings);
        ops.run(
                new TrainingOp.AdamW8Bit(
                        parameters,
                        gradients,
                        firstMoments,
                        secondMoments,
                        clip,
                        settings,
                        learningRate,
                        step));
    }

    /** Zeros in 8 bits, for as many elements as a tensor of this shape has. */
    public QuantizedBlocks quantizedZeros(Shape shape) {
        Check.given("quantizedZeros", "shape", shape);
        int numel = Math.toIntExact(shape.numel());
        Tensor codes = ops.host().upload(DType.U8, Shape.of(numel), ByteBuffer.allocate(numel));
        return new QuantizedBlocks(
                codes, zeros(DType.F32, Shape.of(QuantizedBlocks.blocks(numel))));
    }

    private static void checkLists(
            String op,
            List<?> parameters,
            List<?> gradients,
            List<?> firstMoments,
            List<?> secondMoments,
            AdamWSettings settings) {
        Check.allGiven(op, "parameters", parameters);
        Check.allGiven(op, "gradients", gradients);
        Check.allGiven(op, "firstMoments", firstMoments);
        Check.allGiven(op, "secondMoments", secondMoments);
        Check.given(op, "settings", settings);
    }

    private Tensor packed(Tensor like) {
        return ops.empty(ops.computeType(), like.shape());
    }
}
