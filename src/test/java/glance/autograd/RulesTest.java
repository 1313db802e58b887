package glance.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.DeviceOptions;
import glance.backend.Device;
import glance.backend.Devices;
import glance.op.Op;
import glance.ops.Ops;
import glance.ops.Recorder;
import glance.ops.Scope;
import glance.ops.parity.HostArray;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
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
    private static Ops ops;

    @BeforeAll
    static void open() {
        device = Devices.open("cpu", new DeviceOptions(2, null));
        ops = new Ops(device);
    }

    @AfterAll
    static void close() {
        ops.close();
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
    void forward_usesTheRule(GradientCase gradientCase) {
        Set<Class<?>> seen = new HashSet<>();
        try (Scope scope = ops.scope()) {
            List<Tensor> arguments = upload(arguments(gradientCase));
            ops.record(
                    new Recorder() {
                        @Override
                        public void recorded(Op op) {
                            seen.add(op.getClass());
                        }

                        @Override
                        public List<Tensor> checkpoint(
                                List<Tensor> inputs, Supplier<List<Tensor>> part) {
                            return part.get();
                        }
                    });
            gradientCase.forward().run(ops, arguments, constants(gradientCase));
        } finally {
            ops.record(null);
        }
        assertThat(seen).contains(gradientCase.kind());
    }

    @ParameterizedTest
    @MethodSource("glance.autograd.GradientCases#all")
    void gradients_equalFiniteDifferences(GradientCase gradientCase) {
        List<HostArray> arguments = arguments(gradientCase);
        HostArray y = gradientCase.reference().run(arguments, constants(gradientCase));
        HostArray dy = constants(gradientCase).host("dy", y.dims());
        List<double[]> gradients = engine(gradientCase, arguments, dy);
        double tolerance = CHAIN * LAMBDA * Math.sqrt(gradientCase.depth()) * FLOAT_EPS;
        Random random = new Random(7);
        for (int a = 0; a < arguments.size(); a++) {
            double[] gradient = gradients.get(a);
            double size = largest(gradient);
            for (int n = 0; n < Math.min(ELEMENTS, gradient.length); n++) {
                int i = gradient.length <= ELEMENTS ? n : random.nextInt(gradient.length);
                double[] direction = new double[gradient.length];
                direction[i] = 1;
                double want = difference(gradientCase, arguments, a, direction, dy);
                assertThat(Math.abs(gradient[i] - want))
                        .as("argument %d, element %d: %s, want %s", a, i, gradient[i], want)
                        .isLessThanOrEqualTo(tolerance * Math.max(size, 1));
            }
            for (int n = 0; n < DIRECTIONS; n++) {
                double[] direction = unit(random, gradient.length);
                double want = difference(gradientCase, arguments, a, direction, dy);
                double got = 0;
                for (int i = 0; i < gradient.length; i++) {
                    got += gradient[i] * direction[i];
                }
                assertThat(Math.abs(got - want))
                        .as("argument %d, direction %d: %s, want %s", a, n, got, want)
                        .isLessThanOrEqualTo(tolerance * Math.max(size, 1));
            }
        }
    }

    /** A random direction of length 1, so that all elements together move as far as one alone. */
    private static double[] unit(Random random, int count) {
        double[] direction = random.doubles(count, -1, 1).toArray();
        double length = Math.sqrt(Arrays.stream(direction).map(x -> x * x).sum());
        return Arrays.stream(direction).map(x -> x / length).toArray();
    }

    private static List<double[]> engine(
            GradientCase gradientCase, List<HostArray> arguments, HostArray dy) {
        List<double[]> result = new ArrayList<>();
        try (Scope scope = ops.scope();
                Tape tape = new Tape(ops, false)) {
            List<Tensor> tensors = upload(arguments);
            tensors.forEach(tape::watch);
            Tensor y = gradientCase.forward().run(ops, tensors, constants(gradientCase));
            tape.backward(y, Constants.upload(ops, dy));
            for (Tensor tensor : tensors) {
                FloatBuffer floats = ops.host().floats(tape.gradient(tensor));
                double[] values = new double[floats.remaining()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = floats.get(i);
                }
                result.add(values);
            }
        }
        return result;
    }

    private static double difference(
            GradientCase gradientCase,
            List<HostArray> arguments,
            int which,
            double[] direction,
            HostArray dy) {
        double up = loss(gradientCase, moved(arguments, which, direction, STEP), dy);
        double down = loss(gradientCase, moved(arguments, which, direction, -STEP), dy);
        return (up - down) / (2 * STEP);
    }

    private static double loss(GradientCase gradientCase, List<HostArray> arguments, HostArray dy) {
        HostArray y = gradientCase.reference().run(arguments, constants(gradientCase));
        double sum = 0;
        for (int i = 0; i < y.values().length; i++) {
            sum += y.get(i) * dy.get(i);
        }
        return sum;
    }

    private static List<HostArray> moved(
            List<HostArray> arguments, int which, double[] direction, double step) {
        List<HostArray> result = new ArrayList<>(arguments);
        HostArray moved = References.map(arguments.get(which), v -> v);
        for (int i = 0; i < direction.length; i++) {
            moved.values()[i] += step * direction[i];
        }
        result.set(which, moved);
        return result;
    }

    private static double largest(double[] values) {
        double largest = 0;
        for (double value : values) {
            assertThat(value).isFinite();
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    private static Constants constants(GradientCase gradientCase) {
        return new Constants(gradientCase.name().hashCode());
    }

    private static List<HostArray> arguments(GradientCase gradientCase) {
        List<HostArray> result = new ArrayList<>();
        for (int[] shape : gradientCase.shapes()) {
            result.add(constants(gradientCase).host("argument " + result.size(), shape));
        }
        return result;
    }

    private static List<Tensor> upload(List<HostArray> arguments) {
        return arguments.stream().map(array -> Constants.upload(ops, array)).toList();
    }
}
