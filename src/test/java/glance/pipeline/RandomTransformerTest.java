package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import glance.io.PublishedLayouts;
import glance.io.Weights;
import glance.tensor.DType;
import org.junit.jupiter.api.Test;

class RandomTransformerTest {
    /** As many numbers as the published files have. */
    @Test
    void of_layout_hasAllTensorsOfIt() {
        try (Weights weights = RandomTransformer.of(PublishedLayouts.random("flux.1-dev"))) {
            assertThat(weights.tensors().values())
                    .hasSize(1160)
                    .allMatch(info -> info.dtype() == DType.BF16);
            assertThat(weights.tensors().values().stream().mapToLong(t -> t.shape().numel()).sum())
                    .isEqualTo(11_901_408_320L);
        }
    }
}
