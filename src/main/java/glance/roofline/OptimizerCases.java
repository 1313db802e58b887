package glance.roofline;

import glance.api.AdamWSettings;
import glance.cases.Arguments;
import glance.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;
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
                KernelCase.of("adamw." + count + "x" + numel, a -> adamW(a, count, numel)));
    }

    private static Tensor adamW(Arguments a, int count, int numel) {
        List<Tensor> parameters = list(count, () -> a.floats(numel));
        List<Tensor> gradients = list(count, () -> a.floats(numel));
        List<Tensor> first = list(count, () -> a.floats(numel));
        List<Tensor> second = list(count, () -> a.squares(numel));
        AdamWSettings settings = AdamWSettings.defaults();
        a.ops().training().adamW(parameters, gradients, first, second, CLIP, settings, RATE, 1);
        return parameters.get(0);
    }

    private static List<Tensor> list(int count, Supplier<Tensor> make) {
        return Stream.generate(make).limit(count).toList();
    }
}
