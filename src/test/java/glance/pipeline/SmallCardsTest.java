package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.DeviceException;
import glance.backend.DryDevice;
import glance.io.ModelFolder;
import glance.io.PublishedLayouts;
import glance.pipeline.MemoryForecast.Part;
import glance.tensor.DType;
import org.junit.jupiter.api.Test;

/** What FLUX.1 needs on small cards, by forecast: one picture of 1024 x 1024, all in BF16. */
class SmallCardsTest {
    private static MemoryForecast forecast(long memoryBytes) {
        ModelFolder folder = PublishedLayouts.random("flux.1-schnell");
        try (DryDevice device = DryDevice.ideal(DType.BF16)) {
            return MemoryForecast.of(device, folder, MemoryForecast.usual(folder), memoryBytes);
        }
    }

    @Test
    void flux_fitsACardOf16GB_withWeightsThatStream() {
        MemoryForecast forecast = forecast(16_000_000_000L);
        assertThat(forecast.parts()).allMatch(part -> part.bytes() <= 0.9 * 16e9);
        Part transformer = forecast.parts().get(1);
        assertThat(transformer.name()).isEqualTo("transformer");
        // 2 GiB and the two places for blocks are missing
        assertThat(transformer.hostBytes()).isBetween(3L << 30, 5L << 30);
    }

    @Test
    void flux_onACardThatIsTooSmall_isRefused() {
        assertThatThrownBy(() -> forecast(1_500_000_000L))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("when all their blocks stream from host memory");
    }
}
