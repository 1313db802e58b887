package glance.ops.parity;

import glance.api.AdamWSettings;
import glance.cases.Arguments;
import glance.cases.Case;
import glance.ops.TrainingOps;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * {@link TrainingOps#meanSquaredError}, {@link TrainingOps#globalNorm} and {@link
 * TrainingOps#adamW}.
 */
final class OptimizerCases {
    private static final AdamWSettings SETTINGS = new AdamWSettings(0.9f, 0.999f, 1e-8f, 0.01f);
    private static final float LEARNING_RATE = 1e-2f;
    private static final float CLIP = 0.3f;

    private OptimizerCases() {}

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (int size : Sizes.edges()) {
            cases.add(loss(false, 1, 3, size));
            cases.add(loss(true, 1, 3, size));
            cases.add(norm(size, 1, 17));
            for (String result : List.of("parameter", "first moment", "second moment")) {
                cases.add(adamW(result, 1, size));
                cases.add(adamW(result, 1000, size));
            }
        }
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        return Stream.of(
                loss(false, 3, 113, 203),
                loss(true, 3, 113, 203),
                norm(68_881, 203),
                adamW("parameter", 7, 68_881));
    }

    /** The loss, or its gradient. */
    private static Case loss(boolean gradient, int... dims) {
        return Case.of(
                (gradient ? "gradient of meanSquaredError " : "meanSquaredError ")
                        + Arrays.toString(dims),
                a -> {
                    TrainingOps.Loss loss =
                            a.ops()
                                    .training()
                                    .meanSquaredError(a.activation(dims), a.activation(dims));
                    return gradient ? loss.gradient() : loss.value();
                });
    }

    private static Case norm(int... sizes) {
        return Case.of(
                "globalNorm of " + Arrays.toString(sizes),
                a ->
                        a.ops()
                                .training()
                                .globalNorm(IntStream.of(sizes).mapToObj(a::floats).toList()));
    }

    /** What a step makes of one of the three; a second parameter of another size goes along. */
    private static Case adamW(String result, int step, int size) {
        return Case.of(
                String.format("adamW step %d [%d], %s", step, size, result),
                a -> {
                    List<Tensor> ps = copies(a, a.floats(3), a.floats(size));
                    List<Tensor> gs = List.of(a.floats(3), a.floats(size));
                    List<Tensor> ms = copies(a, a.floats(3), a.floats(size));
                    List<Tensor> vs = copies(a, a.squares(3), a.squares(size));
                    a.ops().training().adamW(ps, gs, ms, vs, CLIP, SETTINGS, LEARNING_RATE, step);
                    return switch (result) {
                        case "parameter" -> ps.get(1);
                        case "first moment" -> ms.get(1);
                        default -> vs.get(1);
                    };
                });
    }

    private static List<Tensor> copies(Arguments a, Tensor... tensors) {
        return Stream.of(tensors).map(a::copy).toList();
    }
}
