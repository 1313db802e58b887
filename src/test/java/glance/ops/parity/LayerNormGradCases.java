package glance.ops.parity;

import glance.cases.Arguments;
import glance.cases.Case;
import glance.op.Op;
import glance.ops.TrainingOps;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** {@link TrainingOps#layerNorm}: each of its gradients is a case of its own. */
final class LayerNormGradCases {
    private static final float EPS = 1e-6f;

    /** A norm with affine weights, or one with a modulation for each of so many samples. */
    private record Spec(int batch, int seqLen, int dim, boolean weighted, int samples) {
        Case toCase(String result) {
            return Case.of(
                    String.format(
                            "layerNorm gradient of %s [%d, %d, %d] weight %s modulation [%d]",
                            result, batch, seqLen, dim, weighted, samples),
                    a -> gradient(a, result));
        }

        private Tensor gradient(Arguments a, String result) {
            Tensor x = a.activation(batch, seqLen + 2, dim).narrow(1, 2, seqLen);
            Tensor dy = a.activation(batch, seqLen, dim);
            Tensor weight = weighted ? a.floats(dim) : null;
            Tensor bias = weighted ? a.floats(dim) : null;
            Tensor all = samples > 0 ? a.activation(samples, 6 * dim) : null;
            Tensor scale = all == null ? null : all.narrow(1, 4 * dim, dim);
            Tensor shift = all == null ? null : all.narrow(1, 3 * dim, dim);
            TrainingOps.LayerNormGradients gradients =
                    a.ops()
                            .training()
                            .layerNorm(
                                    new Op.LayerNorm(x, weight, bias, scale, shift, EPS, x),
                                    dy,
                                    !result.equals("x"));
            return switch (result) {
                case "x" -> gradients.x();
                case "scale" -> gradients.scale();
                default -> gradients.shift();
            };
        }
    }

    private LayerNormGradCases() {}

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (int dim : Sizes.edges()) {
            for (String result : List.of("x", "scale", "shift")) {
                cases.add(new Spec(2, 3, dim, false, 2).toCase(result));
            }
            cases.add(new Spec(2, 3, dim, true, 0).toCase("x"));
        }
        for (String result : List.of("x", "scale", "shift")) {
            cases.add(new Spec(3, 113, 33, false, 1).toCase(result));
        }
        cases.add(new Spec(1, 5, 31, false, 0).toCase("x"));
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        return Stream.of("x", "scale", "shift").map(new Spec(1, 331, 203, false, 1)::toCase);
    }
}
