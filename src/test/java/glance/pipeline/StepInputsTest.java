package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import glance.fixtures.Fixture;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class StepInputsTest {
    private static Tensor tensor(Ops ops, int rows, int width, float... values) {
        return ops.host().floats(Shape.of(rows, width), values);
    }

    private static float first(Ops ops, Tensor tensor) {
        return ops.host().floats(ops.contiguous(tensor)).get(0);
    }

    @Test
    void set_otherStep_showsItsRows() {
        Fixture.onCpu(
                ops -> {
                    List<Tensor> parts = List.of(tensor(ops, 2, 1, 1, 2), tensor(ops, 2, 1, 3, 4));
                    List<Tensor> none = List.of();
                    StepInputs inputs = new StepInputs(ops, List.of(parts), List.of(none, none));
                    List<Tensor> seen = inputs.vectors();
                    inputs.set(ops, 1);
                    assertThat(seen).hasSize(2);
                    assertThat(first(ops, seen.get(0))).isEqualTo(2);
                    assertThat(first(ops, seen.get(1))).isEqualTo(4);
                });
    }

    /** As when two strengths refine one text differently: the network's tensor is the same one. */
    @Test
    void set_stepWithOtherConstants_showsThemInTheSamePlace() {
        Fixture.onCpu(
                ops -> {
                    List<List<Tensor>> parts =
                            List.of(
                                    List.of(tensor(ops, 1, 1, 1)),
                                    List.of(tensor(ops, 1, 1, 2)),
                                    List.of(tensor(ops, 1, 1, 3)));
                    List<Tensor> weak = List.of(tensor(ops, 1, 2, 7, 7));
                    List<Tensor> strong = List.of(tensor(ops, 1, 2, 8, 8));
                    StepInputs inputs = new StepInputs(ops, parts, List.of(weak, strong, weak));
                    Tensor seen = inputs.constants().get(0);
                    float[] shown = new float[3];
                    for (int step = 0; step < 3; step++) {
                        inputs.set(ops, step);
                        shown[step] = first(ops, seen);
                    }
                    assertThat(FloatBuffer.wrap(shown))
                            .isEqualTo(FloatBuffer.wrap(new float[] {7, 8, 7}));
                });
    }

    /** Most runs: nothing is copied. */
    @Test
    void constants_sameAlways_areReadWhereTheyAre() {
        Fixture.onCpu(
                ops -> {
                    List<Tensor> constants = List.of(tensor(ops, 1, 2, 7, 7));
                    StepInputs inputs =
                            new StepInputs(
                                    ops,
                                    List.of(List.of(tensor(ops, 2, 1, 1, 2))),
                                    List.of(constants, constants));
                    assertThat(inputs.constants().get(0)).isSameAs(constants.get(0));
                });
    }
}
