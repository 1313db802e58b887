package glance.backend.cpu;

import glance.op.TrainingOp;
import glance.tensor.Tensor;

/** Loss, gradient norm and optimizer. */
final class OptimizerKernels {
    private final Workers workers;

    OptimizerKernels(Workers workers) {
        this.workers = workers;
    }

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

    void adamW(TrainingOp.AdamW op) {
        AdamWUpdate update =
                new AdamWUpdate(op.settings(), op.clip(), op.learningRate(), op.step());
        workers.forEach(op.parameters().size(), p -> adamW(update, op, p));
    }

    private static void adamW(AdamWUpdate update, TrainingOp.AdamW op, int p) {
        update.run(
                CpuStorage.floats(op.parameters().get(p)),
                (int) op.parameters().get(p).offset(),
                CpuStorage.floats(op.gradients().get(p)),
                (int) op.gradients().get(p).offset(),
                CpuStorage.floats(op.firstMoments().get(p)),
                (int) op.firstMoments().get(p).offset(),
                CpuStorage.floats(op.secondMoments().get(p)),
                (int) op.secondMoments().get(p).offset(),
                (int) op.parameters().get(p).numel());
    }
}
