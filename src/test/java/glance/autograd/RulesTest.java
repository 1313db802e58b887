package glance.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.DeviceOptions;
import glance.backend.Device;
import glance.backend.Devices;
import glance.cases.Arguments;
import glance.cases.Case;
import glance.cases.History;
import glance.formula.Arithmetic;
import glance.formula.Elements;
import glance.op.Op;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every gradient against central differences of a float64 forward. The judged number is {@code L =
 * sum(dy y)} with a random dy.
 *
 * <p>Each argument is checked twice: at some elements one by one, and along random directions, to
 * which every element contributes.
 */
class RulesTest {
    /** Of elements of order 1: the error of the difference is about its square. */
    private static final double STEP = 1e-4;

    private static final int ELEMENTS = 24;
    private static final int DIRECTIONS = 2;
    private static final double FLOAT_EPS = 0x1p-24;

    /**
     * A float32 sum of n terms is off by at most {@code lambda sqrt(n) eps} of the sum of their
     * sizes with probability {@code 1 - 2 exp(-lambda^2 / 2)} (Higham and Mary, SIAM J. Sci.
     * Comput. 41, 2019, theorem 2.4): lambda = 6 makes one false alarm in 10^7. A rule is a chain
     * of at most four such sums (scores, dP, dS, dK).
     */
    private static final double LAMBDA = 6;

    private static final int CHAIN = 4;

    private static Device device;

    @BeforeAll
    static void open() {
        device = Devices.open("cpu", new DeviceOptions(2, null));
    }

    @AfterAll
    static void close() {
        device.close();
    }

    @Test
    void kinds_allHaveCases() {
        assertThat(
                        GradientCases.all()
                                .map(GradientCase::kind)
                                .collect(Collectors.<Class<? extends Op>>toSet()))
                .isEqualTo(Rules.kinds());
    }

    @ParameterizedTest
    @MethodSource("glance.autograd.GradientCases#all")
    void gradients_equalFiniteDifferences(GradientCase gradientCase) {
        try (Arguments a = new Arguments(device, gradientCase.name())) {
            List<Tensor> gradients = a.evaluate(new Case("", from -> engine(gradientCase, from)));
            Judged judged = Judged.of(gradientCase, a);
            double tolerance = CHAIN * LAMBDA * Math.sqrt(gradientCase.depth()) * FLOAT_EPS;
            for (int i = 0; i < gradients.size(); i++) {
                check(judged, i, floats(a, gradients.get(i)), tolerance);
            }
        }
    }

    private static void check(Judged judged, int a, double[] gradient, double tolerance) {
        Random random = new Random(7);
        double allowed = tolerance * Math.max(largest(gradient), 1);
        int elements = Math.min(ELEMENTS, gradient.length);
        for (int n = 0; n < elements + DIRECTIONS; n++) {
            double[] direction = new double[gradient.length];
            if (n < elements) {
                direction[elements == gradient.length ? n : random.nextInt(gradient.length)] = 1;
            } else {
                direction = unit(random, gradient.length);
            }
            double want = judged.slope(a, direction);
            double got = 0;
            for (int i = 0; i < gradient.length; i++) {
                got += gradient[i] * direction[i];
            }
            assertThat(Math.abs(got - want))
                    .as("argument %d, difference %d: %s, want %s", a, n, got, want)
                    .isLessThanOrEqualTo(allowed);
        }
    }

    /** A random direction of length 1, so that all elements together move as far as one alone. */
    private static double[] unit(Random random, int count) {
        double[] direction = random.doubles(count, -1, 1).toArray();
        double length = Math.sqrt(Arrays.stream(direction).map(x -> x * x).sum());
        return Arrays.stream(direction).map(x -> x / length).toArray();
    }

    private static List<Tensor> engine(GradientCase gradientCase, Arguments a) {
        List<Tensor> arguments = gradientCase.draw(a);
        try (Tape tape = new Tape(a.ops(), false)) {
            arguments.forEach(tape::watch);
            Tensor y = gradientCase.forward().run(a, arguments);
            assertThat(a.history().ops()).anyMatch(gradientCase.kind()::isInstance);
            tape.backward(y, a.floats(y.shape().dims()));
            return arguments.stream().map(tape::gradient).map(a.ops()::pack).toList();
        }
    }

    /** {@code L = sum(dy y)} by the formulas of the forward. */
    private record Judged(History history, List<Tensor> arguments, Tensor y, Tensor dy) {
        static Judged of(GradientCase gradientCase, Arguments a) {
            List<Tensor> arguments = new ArrayList<>();
            Tensor[] dy = new Tensor[1];
            Case forward =
                    Case.of(
                            "",
                            from -> {
                                arguments.addAll(gradientCase.draw(from));
                                Tensor y = gradientCase.forward().run(from, arguments);
                                dy[0] = from.floats(y.shape().dims());
                                return y;
                            });
            Tensor y = a.evaluate(forward).get(0);
            return new Judged(a.history(), arguments, y, dy[0]);
        }

        /** The central difference when an argument moves. */
        double slope(int which, double[] direction) {
            return (loss(which, direction, STEP) - loss(which, direction, -STEP)) / (2 * STEP);
        }

        private double loss(int which, double[] direction, double step) {
            Storage moved = arguments.get(which).storage();
            Elements start = history.given().get(moved);
            Map<Storage, Elements> given =
                    Map.of(moved, i -> start.at(i) + step * direction[(int) i]);
            History.Evaluation formulas = history.on(given).in(Arithmetic.exact());
            Elements result = formulas.of(y);
            Elements weight = formulas.of(dy);
            double sum = 0;
            for (long i = 0; i < y.numel(); i++) {
                sum += result.at(i) * weight.at(i);
            }
            return sum;
        }
    }

    private static double[] floats(Arguments a, Tensor tensor) {
        FloatBuffer floats = a.ops().host().floats(tensor);
        double[] values = new double[floats.remaining()];
        Arrays.setAll(values, floats::get);
        return values;
    }

    private static double largest(double[] values) {
        double largest = 0;
        for (double value : values) {
            assertThat(value).isFinite();
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }
}
