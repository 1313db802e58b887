package glance.ops.parity;

import glance.formula.PointwiseFormula;
import glance.op.Op;
import glance.ops.Ops;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** {@link Ops#guidedEuler}. */
final class GuidedEulerCases {
    private static final float DT = -0.03125f;

    private GuidedEulerCases() {}

    static Stream<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int channels : Sizes.edges()) {
            cases.add(step(4, true, 2, 3, channels));
        }
        for (float guidance : new float[] {0, 1, 4.5f, -2}) {
            for (boolean rescale : new boolean[] {false, true}) {
                cases.add(step(guidance, rescale, 2, 5, 64));
            }
        }
        cases.add(unguided(2, 5, 64));
        cases.add(unguided(1, 1, 1));
        cases.add(unguided(2, 0, 4));
        cases.add(withZeroToken());
        cases.add(ofViews());
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<OpCase> large() {
        return Stream.of(step(4, true, 2, 500, 64));
    }

    private static OpCase step(float guidance, boolean rescale, int... dims) {
        return new OpCase(
                String.format(
                        "guidedEuler %s guidance %s rescale %s",
                        Arrays.toString(dims), guidance, rescale),
                inputs ->
                        trial(
                                inputs,
                                inputs.activation(dims),
                                inputs.activation(dims),
                                inputs.activation(dims),
                                guidance,
                                rescale));
    }

    private static OpCase unguided(int... dims) {
        return new OpCase(
                "guidedEuler " + Arrays.toString(dims) + " without guidance",
                inputs ->
                        trial(
                                inputs,
                                inputs.activation(dims),
                                inputs.activation(dims),
                                null,
                                1,
                                false));
    }

    /** Both velocities are zero somewhere: there is no direction to rescale. */
    private static OpCase withZeroToken() {
        return new OpCase(
                "guidedEuler with a token of zeros",
                inputs -> {
                    Operand x = inputs.activation(1, 3, 16);
                    Operand v = withZeros(inputs, inputs.activation(1, 3, 16));
                    Operand n = withZeros(inputs, inputs.activation(1, 3, 16));
                    return trial(inputs, x, v, n, 4, true);
                });
    }

    private static Operand withZeros(Inputs inputs, Operand operand) {
        double[] values = operand.host().values().clone();
        Arrays.fill(values, 16, 32, 0);
        return inputs.upload(
                operand.tensor().dtype(), new HostArray(operand.host().dims(), values));
    }

    private static OpCase ofViews() {
        return new OpCase(
                "guidedEuler of views",
                inputs ->
                        trial(
                                inputs,
                                inputs.activation(7, 2, 16).permute(1, 0, 2),
                                inputs.activation(2, 9, 16).narrow(1, 1, 7),
                                inputs.activation(2, 16, 7).permute(0, 2, 1),
                                4,
                                true));
    }

    private static Trial trial(
            Inputs inputs, Operand x, Operand v, Operand n, float guidance, boolean rescale) {
        Op.GuidedEuler op =
                new Op.GuidedEuler(
                        x.tensor(), v.tensor(), Operand.tensorOf(n), guidance, rescale, DT, null);
        return Trial.of(
                () ->
                        inputs.ops()
                                .guidedEuler(
                                        op.latents(),
                                        op.velocity(),
                                        op.negative(),
                                        guidance,
                                        rescale,
                                        DT),
                PointwiseFormula.guidedEuler(op, Operand.values(x, v, n)),
                x.host().dims());
    }
}
