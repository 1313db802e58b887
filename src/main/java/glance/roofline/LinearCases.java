package glance.roofline;

import glance.backend.MathLibrary;
import glance.formula.Arithmetic;
import glance.formula.LinearFormula;
import glance.formula.LinearGradFormula;
import glance.op.Activation;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.op.TrainingOp;
import glance.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;

/** Products of the transformer blocks: plain, with what follows them, and their gradients. */
final class LinearCases {
    private static final Arithmetic EXACT = Arithmetic.exact();
    static final String OPERATION = "linear";
    private static final String GRADIENT = "linear_grad";
    private static final int GRADIENT_RANK = 32;

    private LinearCases() {}

    static Stream<KernelCase> cases(Scale scale) {
        int qwen = scale.count(Shapes.QWEN_TOKENS);
        int flux = scale.count(Shapes.FLUX_TOKENS);
        int hidden = scale.width(Shapes.HIDDEN);
        int mlp = scale.width(Shapes.MLP);
        Stream<Product> plain =
                Stream.of(
                        new Product(qwen, hidden, hidden),
                        new Product(qwen, hidden, mlp),
                        new Product(qwen, mlp, hidden),
                        new Product(flux, hidden, hidden),
                        new Product(flux, hidden, mlp),
                        new Product(flux, scale.width(Shapes.HIDDEN + Shapes.MLP), hidden),
                        new Product(scale.count(Shapes.QWEN_TEXT), hidden, mlp),
                        new Product(scale.count(Shapes.FLUX_TEXT), hidden, mlp));
        Product up = new Product(qwen, hidden, mlp);
        Product down = new Product(qwen, mlp, hidden);
        return Stream.concat(
                plain.map(Product::plain),
                Stream.of(
                        up.withBias("bias", Activation.NONE),
                        up.withBias("gelu", Activation.GELU_TANH),
                        up.withBias("silu", Activation.SILU),
                        down.gated(),
                        up.inputGradient(),
                        up.factorGradients()));
    }

    /** x [1, tokens, in] times a weight [out, in]. */
    record Product(int tokens, int in, int out) {
        double flop() {
            return 2.0 * tokens * in * out;
        }

        @Override
        public String toString() {
            return tokens + "x" + in + "x" + out;
        }

        KernelCase plain() {
            return KernelCase.of("linear.plain." + this, this::plain)
                    .of(OPERATION)
                    .beside(MathLibrary.CUBLAS.variant());
        }

        Call plain(Arguments from) {
            return call(from, null, null, Epilogue.none());
        }

        KernelCase withBias(String name, Activation activation) {
            return KernelCase.of(
                            "linear." + name + "." + this,
                            from ->
                                    call(
                                            from,
                                            from.parameter(out),
                                            null,
                                            Epilogue.activation(activation)))
                    .of(OPERATION);
        }

        KernelCase gated() {
            return KernelCase.of(
                            "linear.gate." + this,
                            from -> {
                                Tensor gate = from.activation(1, out);
                                Tensor residual = from.activation(1, tokens, out);
                                return call(
                                        from,
                                        from.parameter(out),
                                        null,
                                        Epilogue.gated(gate, residual));
                            })
                    .of(OPERATION);
        }

        /** The product with an adapter in the same kernel. */
        Call fused(Arguments from, int rank) {
            return call(from, null, lowRank(from, rank), Epilogue.none());
        }

        LowRank lowRank(Arguments from, int rank) {
            return new LowRank(from.weight(rank, in), from.weight(out, rank), 1);
        }

        private Call call(Arguments from, Tensor bias, LowRank lora, Epilogue epilogue) {
            Tensor x = from.activation(1, tokens, in);
            Tensor weight = from.weight(out, in);
            Tensor y = from.result(1, tokens, out);
            Op.Linear op = new Op.Linear(x, weight, bias, lora, epilogue, y);
            double low = lora == null ? 0 : 2.0 * tokens * lora.a().dim(0) * (in + out);
            return Call.of(op, flop() + low, LinearFormula.of(op, from::numbers).in(EXACT));
        }

        KernelCase inputGradient() {
            return KernelCase.of("linear.input.r" + GRADIENT_RANK + "." + this, this::inputGradient)
                    .of(GRADIENT);
        }

        private Call inputGradient(Arguments from) {
            Tensor dy = from.activation(1, tokens, out);
            Tensor weight = from.weight(out, in);
            LowRank lora = lowRank(from, GRADIENT_RANK);
            Tensor dx = from.result(1, tokens, in);
            double flop = flop() + 2.0 * tokens * GRADIENT_RANK * (in + out);
            Op.Linear forward = forward(from.between(1, tokens, in), weight, lora, dy);
            TrainingOp.LinearGrad op = new TrainingOp.LinearGrad(forward, dy, dx, null, null);
            return Call.of(op, flop, LinearGradFormula.x(op, from::numbers).in(EXACT));
        }

        KernelCase factorGradients() {
            return KernelCase.of(
                            "linear.factors.r" + GRADIENT_RANK + "." + this, this::factorGradients)
                    .of(GRADIENT);
        }

        /** Both factors' gradients; the frozen weight takes no part. */
        private Call factorGradients(Arguments from) {
            Tensor x = from.activation(1, tokens, in);
            Tensor dy = from.activation(1, tokens, out);
            LowRank lora = lowRank(from, GRADIENT_RANK);
            Tensor da = from.floatResult(GRADIENT_RANK, in);
            Tensor db = from.floatResult(out, GRADIENT_RANK);
            Op.Linear forward = forward(x, from.between(out, in), lora, dy);
            TrainingOp.LinearGrad op = new TrainingOp.LinearGrad(forward, dy, null, da, db);
            return new Call(
                    List.of(op),
                    4.0 * tokens * GRADIENT_RANK * (in + out),
                    () ->
                            List.of(
                                    new Call.Claim(
                                            da, LinearGradFormula.a(op, from::numbers).in(EXACT)),
                                    new Call.Claim(
                                            db, LinearGradFormula.b(op, from::numbers).in(EXACT))));
        }

        /** What was computed before its gradients are. */
        private static Op.Linear forward(Tensor x, Tensor weight, LowRank lora, Tensor y) {
            return new Op.Linear(x, weight, null, lora, Epilogue.none(), y);
        }
    }
}
