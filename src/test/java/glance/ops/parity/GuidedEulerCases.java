package glance.ops.parity;

import glance.cases.Arguments;
import glance.cases.Case;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** {@link Ops#guidedEuler}. */
final class GuidedEulerCases {
    private static final float DT = -0.03125f;

    private GuidedEulerCases() {}

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (int channels : Sizes.edges()) {
            cases.add(step(4, true, 2, 3, channels));
        }
        for (float guidance : new float[] {0, 1, 4.5f, -2}) {
            for (boolean rescale : new boolean[] {false, true}) {
                cases.add(step(guidance, rescale, 2, 5, 64));
            }
        }
        for (float limit : new float[] {0.5f, 1, 1000}) {
            cases.add(limited(limit, 3, 5, 64));
            cases.add(limited(limit, 2, 37, 31));
        }
        cases.add(limited(1, 1, 1, 1));
        cases.add(limited(1, 2, 0, 4));
        cases.add(unguided(2, 5, 64));
        cases.add(unguided(1, 1, 1));
        cases.add(unguided(2, 0, 4));
        cases.add(withZeroToken());
        cases.add(ofViews());
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        return Stream.of(step(4, true, 2, 500, 64), limited(1, 2, 500, 64));
    }

    private static Case step(float guidance, boolean rescale, int... dims) {
        return Case.of(
                String.format(
                        "guidedEuler %s guidance %s rescale %s",
                        Arrays.toString(dims), guidance, rescale),
                a ->
                        a.ops()
                                .guidedEuler(
                                        a.activation(dims),
                                        a.activation(dims),
                                        a.activation(dims),
                                        guidance,
                                        rescale,
                                        0,
                                        DT));
    }

    private static Case limited(float limit, int... dims) {
        return Case.of(
                "guidedEuler " + Arrays.toString(dims) + " at most " + limit + " times as long",
                a ->
                        a.ops()
                                .guidedEuler(
                                        a.activation(dims),
                                        a.activation(dims),
                                        a.activation(dims),
                                        4,
                                        false,
                                        limit,
                                        DT));
    }

    private static Case unguided(int... dims) {
        return Case.of(
                "guidedEuler " + Arrays.toString(dims) + " without guidance",
                a ->
                        a.ops()
                                .guidedEuler(
                                        a.activation(dims),
                                        a.activation(dims),
                                        null,
                                        1,
                                        false,
                                        0,
                                        DT));
    }

    /** Both velocities are zero somewhere: there is no direction to rescale. */
    private static Case withZeroToken() {
        return Case.of(
                "guidedEuler with a token of zeros",
                a ->
                        a.ops()
                                .guidedEuler(
                                        a.activation(1, 3, 16),
                                        withZeros(a, 7),
                                        withZeros(a, 5),
                                        4,
                                        true,
                                        0,
                                        DT));
    }

    private static Tensor withZeros(Arguments a, double step) {
        return a.given(a.ops().computeType(), i -> i / 16 == 1 ? 0 : Math.sin(step * i), 1, 3, 16);
    }

    private static Case ofViews() {
        return Case.of(
                "guidedEuler of views",
                a ->
                        a.ops()
                                .guidedEuler(
                                        a.activation(7, 2, 16).permute(1, 0, 2),
                                        a.activation(2, 9, 16).narrow(1, 1, 7),
                                        a.activation(2, 16, 7).permute(0, 2, 1),
                                        4,
                                        true,
                                        0,
                                        DT));
    }
}
