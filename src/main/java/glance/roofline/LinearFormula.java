package glance.roofline;

import glance.op.Op;
import glance.tensor.Tensor;

/**
 * {@code residual + gate * act(x W^T + bias + scale (x A^T) B^T)}, one sample, element by element.
 */
final class LinearFormula {
    private LinearFormula() {}

    static Elements of(Arguments from, Op.Linear op) {
        int in = op.weight().dim(1);
        int out = op.weight().dim(0);
        Elements x = from.numbers(op.x());
        Elements w = from.numbers(op.weight());
        Elements bias = optional(from, op.bias());
        Elements gate = optional(from, op.epilogue().gate());
        Elements residual = optional(from, op.epilogue().residual());
        return index -> {
            long row = index / out;
            long column = index % out;
            double sum = Functions.dot(x, row * in, 1, w, column * in, 1, in);
            sum += bias == null ? 0 : bias.at(column);
            sum += op.lora() == null ? 0 : low(from, op, row, column);
            double y = Functions.activation(op.epilogue().activation(), sum);
            y *= gate == null ? 1 : gate.at(column);
            return residual == null ? y : residual.at(index) + y;
        };
    }

    private static Elements optional(Arguments from, Tensor tensor) {
        return tensor == null ? null : from.numbers(tensor);
    }

    private static double low(Arguments from, Op.Linear op, long row, long column) {
        int in = op.weight().dim(1);
        int rank = op.lora().a().dim(0);
        Elements x = from.numbers(op.x());
        Elements a = from.numbers(op.lora().a());
        Elements b = from.numbers(op.lora().b());
        double sum = 0;
        for (int r = 0; r < rank; r++) {
            double s = Functions.dot(x, row * in, 1, a, (long) r * in, 1, in);
            sum += s * b.at(column * rank + r);
        }
        return op.lora().scale() * sum;
    }
}
