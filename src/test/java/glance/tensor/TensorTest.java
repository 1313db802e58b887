package glance.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Views: which element of the storage each index means. */
class TensorTest {
    private static final class NoMemory extends Storage {
        @Override
        public long bytes() {
            return 0;
        }

        @Override
        protected void free() {}
    }

    private static Tensor tensor(int... dims) {
        return Tensor.contiguous(new NoMemory(), DType.F32, Shape.of(dims));
    }

    /** The storage positions of all elements, in row-major order of the view. */
    private static double[] positions(Tensor t) {
        double[] result = new double[(int) t.numel()];
        for (int i = 0; i < result.length; i++) {
            long at = t.offset();
            int rest = i;
            for (int axis = t.rank() - 1; axis >= 0; axis--) {
                at += rest % t.dim(axis) * t.stride(axis);
                rest /= t.dim(axis);
            }
            result[i] = at;
        }
        return result;
    }

    @Property(tries = 2000)
    void chainsOfViews_equalCopiesMadeByIndex(@ForAll long seed) {
        Random random = new Random(seed);
        int[] dims = random.ints(1 + random.nextInt(4), 1, 7).toArray();
        Tensor tensor = tensor(dims);
        HostArray copy = HostArray.counted(dims);
        for (int step = 0; step < 6; step++) {
            switch (random.nextInt(3)) {
                case 0 -> {
                    int axis = random.nextInt(tensor.rank());
                    int start = random.nextInt(tensor.dim(axis));
                    int length = 1 + random.nextInt(tensor.dim(axis) - start);
                    tensor = tensor.narrow(axis, start, length);
                    copy = copy.narrow(axis, start, length);
                }
                case 1 -> {
                    int[] axes = shuffled(tensor.rank(), random);
                    tensor = tensor.permute(axes);
                    copy = copy.permute(axes);
                }
                default -> {
                    int[] wanted = regrouped(tensor.shape().dims(), random);
                    Tensor reshaped = reshapeOrNull(tensor, wanted);
                    if (reshaped != null) {
                        tensor = reshaped;
                        copy = copy.reshape(wanted);
                    }
                }
            }
            assertThat(tensor.shape().dims()).isEqualTo(copy.dims());
            assertThat(positions(tensor)).isEqualTo(copy.values());
            assertThat(tensor.isContiguous()).isEqualTo(isSideBySide(copy.values()));
        }
    }

    private static int[] shuffled(int rank, Random random) {
        List<Integer> axes = new ArrayList<>();
        for (int i = 0; i < rank; i++) {
            axes.add(i);
        }
        Collections.shuffle(axes, random);
        return axes.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Dimensions merged, split, or set apart by a 1. */
    private static int[] regrouped(int[] dims, Random random) {
        List<Integer> result = new ArrayList<>();
        int pending = 1;
        for (int dim : dims) {
            pending *= dim;
            if (random.nextBoolean()) {
                int divisor = 1 + random.nextInt(4);
                if (pending % divisor == 0) {
                    result.add(divisor);
                    pending /= divisor;
                }
                result.add(pending);
                pending = 1;
            }
        }
        result.add(pending);
        return result.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Null where the tensor says that a copy would be needed: only a strided one may. */
    private static Tensor reshapeOrNull(Tensor tensor, int[] dims) {
        try {
            return tensor.reshape(dims);
        } catch (IllegalArgumentException e) {
            assertThat(tensor.isContiguous()).isFalse();
            assertThat(e).hasMessageContaining("without a copy");
            return null;
        }
    }

    private static boolean isSideBySide(double[] positions) {
        for (int i = 1; i < positions.length; i++) {
            if (positions[i] != positions[i - 1] + 1) {
                return false;
            }
        }
        return true;
    }

    @Test
    void reshape_infersOneDimension() {
        assertThat(tensor(2, 3, 4).reshape(-1, 6).shape()).isEqualTo(Shape.of(4, 6));
        assertThat(tensor(2, 0).reshape(0, 5).shape()).isEqualTo(Shape.of(0, 5));
        assertThat(tensor(1).reshape().shape()).isEqualTo(Shape.of());
    }

    @Test
    void reshape_ofAStridedTensor_splitsAndMergesWherePossible() {
        Tensor heads = tensor(2, 5, 3 * 8).narrow(2, 8, 8);
        assertThat(positions(heads.reshape(10, 2, 4))).isEqualTo(positions(heads));
        assertThatThrownBy(() -> heads.reshape(2, 40))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("cannot reshape a strided [2, 5, 8] to [2, 40] without a copy");
    }

    @Test
    void reshape_toAnotherNumberOfElements_isRefused() {
        assertThatThrownBy(() -> tensor(2, 3).reshape(4, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("cannot reshape [2, 3] to [4, 2]");
        assertThatThrownBy(() -> tensor(2, 3).reshape(-1, 4))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> tensor(2, 3).reshape(-1, -1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> tensor(2, 0).reshape(-1, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void narrow_outsideTheAxis_isRefused() {
        Tensor t = tensor(2, 5);
        assertThat(t.narrow(-1, 5, 0).shape()).isEqualTo(Shape.of(2, 0));
        for (int[] range : new int[][] {{-1, 2}, {0, 6}, {5, 1}, {2, -1}, {3, Integer.MAX_VALUE}}) {
            assertThatThrownBy(() -> t.narrow(1, range[0], range[1]))
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessage("narrow axis 1 of [2, 5] to " + range[0] + " + " + range[1]);
        }
    }

    @Test
    void permute_needsEveryAxisOnce() {
        Tensor t = tensor(2, 3, 5);
        assertThat(t.permute(-1, 0, 1).shape()).isEqualTo(Shape.of(5, 2, 3));
        assertThatThrownBy(() -> t.permute(0, 1, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("permute [2, 3, 5] by [0, 1, 1]");
        assertThatThrownBy(() -> t.permute(0, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void isContiguousFrom_looksAtInnerDimensionsOnly() {
        Tensor part = tensor(4, 9, 8).narrow(1, 2, 3);
        assertThat(part.isContiguous()).isFalse();
        assertThat(part.isContiguousFrom(1)).isTrue();
        assertThat(part.permute(0, 2, 1).isContiguousFrom(2)).isFalse();
        assertThat(tensor(4, 9, 8).narrow(0, 1, 2).isContiguous()).isTrue();
    }

    @Test
    void over_isTheSameViewOnAnotherStorage() {
        Tensor view = tensor(3, 5).narrow(1, 2, 2);
        NoMemory other = new NoMemory();
        Tensor moved = view.over(other);
        assertThat(moved.storage()).isSameAs(other);
        assertThat(positions(moved)).isEqualTo(positions(view));
        assertThat(moved).hasToString("Tensor[3, 2] F32");
    }
}
