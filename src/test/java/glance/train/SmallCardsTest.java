package glance.train;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.Request.Size;
import glance.api.Training;
import glance.backend.DryDevice;
import glance.io.ModelFolder;
import glance.io.PublishedLayouts;
import glance.pipeline.MemoryForecast.Part;
import glance.tensor.DType;
import glance.tools.StoredTypes;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What published models need on small cards, by forecast: training on one picture of 1024 x 1024
 * with what the family wants, activations in BF16, blocks computed again, and a quantised base. A
 * tenth of the card is left to fragments and the driver.
 */
class SmallCardsTest {
    private static final Size SIZE = new Size(1024, 1024);

    /** 24 and 16 GB are 24 and 16 times 10^9 bytes, which is less than such cards have. */
    @ParameterizedTest
    @CsvSource({"qwen-image, q8_0, 24", "flux.1-dev, q8_0, 16"})
    void training_fits(String family, String type, int gigabytes) {
        long memory = gigabytes * 1_000_000_000L;
        ModelFolder folder =
                PublishedLayouts.random(family)
                        .withRandomWeights(DType.BF16, StoredTypes.of(type)::of);
        Training training = Training.of(Path.of("picture"), "caption");
        try (DryDevice device = DryDevice.ideal(DType.BF16)) {
            List<Part> parts = TrainingForecast.of(device, folder, training, SIZE, memory).parts();
            assertThat(parts)
                    .extracting(Part::name)
                    .containsExactly("text encoder", "autoencoder", TrainingForecast.TRAINING);
            assertThat(parts).allMatch(part -> part.bytes() <= 0.9 * memory);
            assertThat(parts.get(2).hostBytes()).isPositive();
        }
    }
}
