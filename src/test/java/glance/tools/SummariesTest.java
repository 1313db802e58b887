package glance.tools;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.adapter.WeightsSummary.Group;
import glance.io.TensorInfo;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

class SummariesTest {
    @Test
    void repeatedLayers_areOneGroupWithTheirRange() {
        assertThat(
                        Summaries.groups(
                                List.of(
                                        tensor("blocks.0.net.2.weight", DType.F32, 4, 8),
                                        tensor("norm.weight", DType.F32, 4),
                                        tensor("blocks.1.net.2.weight", DType.F32, 4, 8),
                                        tensor("blocks.11.net.2.weight", DType.F32, 4, 8))))
                .containsExactly(
                        new Group("blocks.{0-11}.net.2.weight", "[4, 8]", "F32", 3),
                        new Group("norm.weight", "[4]", "F32", 1));
    }

    @Test
    void otherShapeOrDtype_isAnotherGroup() {
        assertThat(
                        Summaries.groups(
                                List.of(
                                        tensor("a.0.w", DType.F32, 4),
                                        tensor("a.1.w", DType.F32, 5),
                                        tensor("a.2.w", DType.BF16, 4))))
                .hasSize(3);
    }

    @Test
    void numbersTooLongForLayers_areNames() {
        assertThat(
                        Summaries.groups(
                                List.of(
                                        tensor("a.99999999999999999999.w", DType.F32, 4),
                                        tensor("a.1.w", DType.F32, 4))))
                .hasSize(2);
    }

    private static TensorInfo tensor(String name, DType dtype, int... dims) {
        Shape shape = Shape.of(dims);
        return new TensorInfo(name, dtype, shape, shape.numel() * dtype.bytes());
    }
}
