package glance.roofline;

import glance.api.AdamWSettings;
import glance.formula.AdamWFormula;
import glance.formula.Arithmetic;
import glance.op.TrainingOp;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** AdamW over the adapters of Qwen-Image: rank 32 on 12 modules of each of 60 blocks. */
final class OptimizerCases {
    private static final int MATRICES = 2 * 12 * 60;
    private static final int RANK = 32;
    private static final float RATE = 3e-4f;
    private static final float CLIP = 0.5f;

    private OptimizerCases() {}

    static Stream<KernelCase> cases(Scale scale) {
        int count = scale.count(MATRICES);
        int numel = RANK * scale.width(Shapes.HIDDEN);
        return Stream.of(
                KernelCase.of("adamw." + count + "x" + numel, from -> adamW(from, count, numel)));
    }

    private static Call adamW(Arguments from, int count, int numel) {
        Tensor parameter = from.floats(numel);
        Tensor gradient = from.floats(numel);
        Tensor first = from.floats(numel);
        Tensor second = from.zeros(numel);
        List<List<Tensor>> lists = new ArrayList<>();
        for (Tensor tensor : List.of(parameter, gradient, first, second)) {
            List<Tensor> list = new ArrayList<>(List.of(tensor));
            while (list.size() < count) {
                list.add(from.again(tensor));
            }
            lists.add(list);
        }
        for (int written : new int[] {0, 2, 3}) {
            lists.get(written).forEach(from::moved);
        }
        AdamWSettings settings = AdamWSettings.defaults();
        TrainingOp.AdamW op =
                new TrainingOp.AdamW(
                        lists.get(0),
                        lists.get(1),
                        lists.get(2),
                        lists.get(3),
                        CLIP,
                        settings,
                        RATE,
                        1);
        return Call.of(
                op, 0, AdamWFormula.of(op, 0, from::numbers).parameter().in(Arithmetic.exact()));
    }
}
