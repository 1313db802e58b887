package glance.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.resource.ResourceInformation;
import org.junit.jupiter.api.Test;

class PlaceTest {
    private static final Map<String, ResourceInformation> GPU =
            Map.of("gpu", new ResourceInformation("gpu", new String[] {"3"}));

    private static Place place(String device, int threads) {
        return new Place("glance-tiny", device, threads);
    }

    @Test
    void device_ofATaskWithAGpu_isThatOne() {
        assertThat(place("auto", 0).device(GPU)).isEqualTo("cuda:3");
        assertThat(place("cuda", 0).device(GPU)).isEqualTo("cuda:3");
    }

    @Test
    void device_thatIsNamed_stays() {
        assertThat(place("cpu", 0).device(GPU)).isEqualTo("cpu");
        assertThat(place("cuda:1", 0).device(GPU)).isEqualTo("cuda:1");
        assertThat(place("auto", 0).device(Map.of())).isEqualTo("auto");
    }

    @Test
    void threads_areTheCoresOfTheExecutor() {
        SparkConf conf = new SparkConf(false).set("spark.executor.cores", "4");
        assertThat(place("cpu", 0).threads(conf)).isEqualTo(4);
        assertThat(place("cpu", 2).threads(conf)).isEqualTo(2);
        assertThat(place("cpu", 0).threads(new SparkConf(false))).isZero();
    }
}
