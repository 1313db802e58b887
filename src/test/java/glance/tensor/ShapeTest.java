package glance.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ShapeTest {
    @Test
    void numel_isTheProduct_andOneForAScalar() {
        assertThat(Shape.of(2, 3, 5).numel()).isEqualTo(30);
        assertThat(Shape.of(2, 0, 5).numel()).isZero();
        assertThat(Shape.of().numel()).isEqualTo(1);
    }

    @Test
    void dim_countsFromEitherEnd() {
        Shape shape = Shape.of(2, 3, 5);
        assertThat(shape.dim(0)).isEqualTo(2);
        assertThat(shape.dim(-1)).isEqualTo(5);
        assertThat(shape.axis(-3)).isZero();
    }

    @Test
    void axisOutside_isNamedWithTheShape() {
        assertThatThrownBy(() -> Shape.of(2, 3).dim(2))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("axis 2 of shape [2, 3]");
        assertThatThrownBy(() -> Shape.of(2, 3).axis(-3))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("axis -3 of shape [2, 3]");
    }

    @Test
    void negativeDimension_isRefused() {
        assertThatThrownBy(() -> Shape.of(2, -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("negative dimension in [2, -1]");
    }

    @Test
    void tooManyElements_areRefusedAndNotWrapped() {
        int large = Integer.MAX_VALUE;
        assertThatThrownBy(() -> Shape.of(large, large, large))
                .isInstanceOf(ArithmeticException.class);
    }

    @Test
    void shapes_areValues() {
        int[] dims = {2, 3};
        Shape shape = Shape.of(dims);
        dims[0] = 7;
        shape.dims()[1] = 7;
        assertThat(shape).isEqualTo(Shape.of(2, 3)).hasSameHashCodeAs(Shape.of(2, 3));
        assertThat(shape).isNotEqualTo(Shape.of(3, 2)).hasToString("[2, 3]");
        assertThat(shape.with(-1, 9)).isEqualTo(Shape.of(2, 9));
        assertThat(shape).isEqualTo(Shape.of(2, 3));
    }

    @Test
    void contiguousStrides_areRowMajor() {
        assertThat(Shape.of(2, 3, 5).contiguousStrides()).containsExactly(15, 5, 1);
        assertThat(Shape.of().contiguousStrides()).isEmpty();
    }
}
