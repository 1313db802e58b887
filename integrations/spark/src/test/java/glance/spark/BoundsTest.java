package glance.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class BoundsTest {
    @Test
    void pieces_areSharedOutEvenly() {
        List<Long> places = LongStream.range(0, 10).map(i -> i * i - 50).sorted().boxed().toList();
        Bounds bounds = Bounds.of(places, 4);
        Map<Integer, Long> each =
                places.stream()
                        .map(bounds::getPartition)
                        .collect(
                                Collectors.groupingBy(
                                        Function.identity(), TreeMap::new, Collectors.counting()));
        assertThat(bounds.numPartitions()).isEqualTo(3);
        assertThat(each).isEqualTo(Map.of(0, 4L, 1, 4L, 2, 2L));
    }

    @Test
    void places_unknown_haveATaskToo() {
        Bounds bounds = Bounds.of(List.of(10L, 20L), 1);
        assertThat(bounds.getPartition(5L)).isZero();
        assertThat(bounds.getPartition(15L)).isZero();
        assertThat(bounds.getPartition(25L)).isEqualTo(1);
        assertThat(Bounds.of(List.of(), 1).numPartitions()).isEqualTo(1);
    }
}
