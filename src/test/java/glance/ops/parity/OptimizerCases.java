package glance.ops.parity;

import glance.api.AdamWSettings;
import glance.formula.AdamWFormula;
import glance.formula.Arithmetic;
import glance.ops.TrainingOps;
import glance.tensor.DType;
import glance.tensor.Shape;
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

    static Stream<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
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
    static Stream<OpCase> large() {
        return Stream.of(
                loss(false, 3, 113, 203),
                loss(true, 3, 113, 203),
                norm(68_881, 203),
                adamW("parameter", 7, 68_881));
    }

    /** The loss, or its gradient. */
    private static OpCase loss(boolean gradient, int... dims) {
        return new OpCase(
                (gradient ? "gradient of meanSquaredError " : "meanSquaredError ")
                        + Arrays.toString(dims),
                inputs -> {
                    Operand prediction = inputs.activation(dims);
                    Operand target = inputs.activation(dims);
                    return Trial.of(
                            () -> {
                                TrainingOps.Loss loss =
                                        inputs.ops()
                                                .training()
                                                .meanSquaredError(
                                                        prediction.tensor(), target.tensor());
                                return gradient ? loss.gradient() : loss.value();
                            },
                            m -> loss(m, gradient, prediction.host(), target.host()));
                });
    }

    private static HostArray loss(
            Arithmetic m, boolean gradient, HostArray prediction, HostArray target) {
        int count = prediction.values().length;
        HostArray slope = HostArray.zeros(prediction.dims());
        double sum = 0;
        for (int i = 0; i < count; i++) {
            double difference = m.of(prediction.get(i) - target.get(i));
            sum = m.mulAdd(sum, difference, difference);
            slope.values()[i] = m.of(m.of(2 * difference) / count);
        }
        return gradient ? slope : new HostArray(new int[] {1}, new double[] {m.of(sum / count)});
    }

    private static OpCase norm(int... sizes) {
        return new OpCase(
                "globalNorm of " + Arrays.toString(sizes),
                inputs -> {
                    List<Operand> xs = IntStream.of(sizes).mapToObj(inputs::floats).toList();
                    return Trial.of(
                            () ->
                                    inputs.ops()
                                            .training()
                                            .globalNorm(xs.stream().map(Operand::tensor).toList()),
                            m -> {
                                double sum = 0;
                                for (Operand x : xs) {
                                    for (double value : x.host().values()) {
                                        sum = m.mulAdd(sum, value, value);
                                    }
                                }
                                return new HostArray(
                                        new int[] {1}, new double[] {m.of(Math.sqrt(sum))});
                            });
                });
    }

    /** What a step makes of one of the three; a second parameter of another size goes along. */
    private static OpCase adamW(String result, int step, int size) {
        return new OpCase(
                String.format("adamW step %d [%d], %s", step, size, result),
                inputs -> {
                    List<Operand> parameters = floats(inputs, size);
                    List<Operand> gradients = floats(inputs, size);
                    List<Operand> first = floats(inputs, size);
                    List<Operand> second =
                            floats(inputs, size).stream().map(x -> squared(inputs, x)).toList();
                    AdamWFormula formula =
                            new AdamWFormula(
                                    SETTINGS,
                                    CLIP,
                                    LEARNING_RATE,
                                    step,
                                    parameters.get(1).host(),
                                    gradients.get(1).host(),
                                    first.get(1).host(),
                                    second.get(1).host());
                    return Trial.of(
                            () -> {
                                List<Tensor> ps = copies(inputs, parameters);
                                List<Tensor> ms = copies(inputs, first);
                                List<Tensor> vs = copies(inputs, second);
                                List<Tensor> gs = copies(inputs, gradients);
                                inputs.ops()
                                        .training()
                                        .adamW(ps, gs, ms, vs, CLIP, SETTINGS, LEARNING_RATE, step);
                                return switch (result) {
                                    case "parameter" -> ps.get(1);
                                    case "first moment" -> ms.get(1);
                                    default -> vs.get(1);
                                };
                            },
                            switch (result) {
                                case "parameter" -> formula.parameter();
                                case "first moment" -> formula.first();
                                default -> formula.second();
                            },
                            size);
                });
    }

    private static List<Operand> floats(Inputs inputs, int size) {
        return List.of(inputs.floats(3), inputs.floats(size));
    }

    private static Operand squared(Inputs inputs, Operand x) {
        double[] squares = Arrays.stream(x.host().values()).map(v -> v * v).toArray();
        return inputs.upload(DType.F32, new HostArray(x.host().dims(), squares));
    }

    /** Copies that may be changed, in F32 on every device. */
    private static List<Tensor> copies(Inputs inputs, List<Operand> operands) {
        List<Tensor> copies = new ArrayList<>();
        for (Operand operand : operands) {
            Shape shape = operand.tensor().shape();
            Tensor copy = inputs.ops().training().zeros(DType.F32, shape);
            inputs.ops().training().accumulate(operand.tensor(), copy);
            copies.add(copy);
        }
        return copies;
    }
}
