package glance.model.autoencoderkl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import glance.api.FormatException;
import glance.fixtures.Fixture;
import glance.io.Config;
import glance.io.Weights;
import glance.model.TokenGrid;
import glance.model.part.Recognised;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What AutoencoderKLFlux2 has beyond AutoencoderKL. */
class AutoencoderKlFlux2Test {
    private final Path fixture = Fixture.folder("autoencoder-kl-flux2");
    private final Config config = Config.read(fixture.resolve("config.json"));

    @Test
    void codec_decodesWhatItEncoded() {
        AutoencoderKlConfig own = AutoencoderKlConfig.of(config);
        int channels = own.latentChannels();
        Fixture.onCpu(
                ops -> {
                    float[] pixels = new float[32 * 32 * 3];
                    for (int i = 0; i < pixels.length; i++) {
                        pixels[i] = (float) Math.sin(i);
                    }
                    Tensor image = ops.host().floats(Shape.of(1, 32, 32, 3), pixels);
                    try (Weights weights = Weights.open(fixture);
                            AutoencoderKl plain = new AutoencoderKl(ops, own, weights);
                            AutoencoderKlCodec codec =
                                    new AutoencoderKlCodec(ops, own, Weights.open(fixture), 2)) {
                        Tensor mean = ops.pack(plain.encode(ops, image).narrow(3, 0, channels));
                        FloatBuffer want = ops.host().floats(plain.decode(ops, mean));
                        Tensor tokens = codec.encode(ops, image);
                        assertThat(tokens.shape()).isEqualTo(Shape.of(1, 4, 4 * channels));
                        FloatBuffer got =
                                ops.host().floats(codec.decode(ops, tokens, new TokenGrid(2, 2)));
                        for (int i = 0; i < want.remaining(); i++) {
                            assertThat(got.get(i)).isCloseTo(want.get(i), within(1e-4f));
                        }
                    }
                });
    }

    @Test
    void decoderOfOtherWidths_isReadAndRecognised() {
        Config other = config.with(Map.of("decoder_block_out_channels", List.of(8, 16, 16, 24)));
        AutoencoderKlConfig own = AutoencoderKlConfig.of(other);
        Fixture.onCpu(
                ops -> {
                    try (Weights weights = Weights.random(fixture, DType.F32);
                            AutoencoderKl opened = new AutoencoderKl(ops, own, weights)) {
                        assertThat(weights.tensors().get("encoder.conv_in.weight").shape().dim(0))
                                .isEqualTo(16);
                        assertThat(weights.tensors().get("decoder.conv_in.weight").shape().dim(0))
                                .isEqualTo(24);
                        Recognised found =
                                AutoencoderKlKind.KIND.recognise(weights, config).orElseThrow();
                        assertThat(found.what())
                                .isEqualTo("autoencoder (AutoencoderKLFlux2), 4 latent channels");
                        assertThat(AutoencoderKlConfig.of(config.with(found.config())))
                                .isEqualTo(own);
                    }
                });
    }

    @Test
    void decoderOfOtherDepth_isRefused() {
        Config other = config.with(Map.of("decoder_block_out_channels", List.of(8, 16)));
        assertThatThrownBy(() -> AutoencoderKlConfig.of(other))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("decoder_block_out_channels: must have 4 entries");
    }
}
