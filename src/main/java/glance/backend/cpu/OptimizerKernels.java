package glance.backend.cpu;

import glance.backend.AdamWSettings;
import glance.backend.TrainingOp;
import glance.tensor.Tensor;

/** Loss, gradient norm and optimizer. */
final class OptimizerKernels {
    private OptimizerKernels() {}

    static void meanSquaredError(TrainingOp.MseLoss op) {
        float[] ps = CpuStorage.floats(op.prediction());
        float[] ts = CpuStorage.floats(op.target());
        float[] gs = CpuStorage.floats(op.gradient());
        int count = (int) op.prediction().numel();
        double sum = 0;
        for (int i = 0; i < count; i++) {
            float difference =
                    ps[(int) op.prediction().offset() + i] - ts[(int) op.target().offset() + i];
            sum += (double) difference * difference;
            gs[(int) op.gradient().offset() + i] = 2 * difference / count;
        }
        CpuStorage.floats(op.out())[(int) op.out().offset()] = (float) (sum / count);
    }

    static void globalNorm(TrainingOp.GlobalNorm op) {
        double sum = 0;
        for (Tensor tensor : op.tensors()) {
            float[] values = CpuStorage.floats(tensor);
            int at = (int) tensor.offset();
            for (int i = at; i < at + tensor.numel(); i++) {
                sum += (double) values[i] * values[i];
            }
        }
        CpuStorage.floats(op.out())[(int) op.out().offset()] = (float) Math.sqrt(sum);
    }

    static void adamW(TrainingOp.AdamW op) {
        for (int p = 0; p < op.parameters().size(); p++) {
            adamW(op, p);
        }
    }

    private static void adamW(TrainingOp.AdamW op, int p) {
        AdamWSettings s = op.settings();
        float[] values = CpuStorage.floats(op.parameters().get(p));
        float[] gradients = CpuStorage.floats(op.gradients().get(p));
        float[] first = CpuStorage.floats(op.firstMoments().get(p));
        float[] second = CpuStorage.floats(op.secondMoments().get(p));
        int at = (int) op.parameters().get(p).offset();
        int g = (int) op.gradients().get(p).offset();
        int m = (int) op.firstMoments().get(p).offset();
        int v = (int) op.secondMoments().get(p).offset();
        double correction1 = 1 - Math.pow(s.beta1(), op.step());
        double correction2 = Math.sqrt(1 - Math.pow(s.beta2(), op.step()));
        float decay = 1 - op.learningRate() * s.weightDecay();
        float stepSize = (float) (op.learningRate() / correction1);
        for (int i = 0; i < op.parameters().get(p).numel(); i++) {
            float gradient = gradients[g + i] * op.clip();
            first[m + i] += (gradient - first[m + i]) * (1 - s.beta1());
            second[v + i] = second[v + i] * s.beta2() + gradient * gradient * (1 - s.beta2());
            float denominator = (float) (Math.sqrt(second[v + i]) / correction2) + s.eps();
            values[at + i] = values[at + i] * decay - stepSize * first[m + i] / denominator;
        }
    }
}
