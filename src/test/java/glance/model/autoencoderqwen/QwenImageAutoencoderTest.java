package glance.model.autoencoderqwen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.DeviceOptions;
import glance.backend.Device;
import glance.backend.Devices;
import glance.io.Config;
import glance.io.Weights;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Strips give the result of the whole picture, bit for bit, in less memory. */
class QwenImageAutoencoderTest {
    private final Path fixture =
            Path.of(System.getProperty("glance.fixtures"), "autoencoder-kl-qwenimage");
    private final AutoencoderConfig config =
            AutoencoderConfig.of(Config.read(fixture.resolve("config.json")));
    private final Device device = Devices.open("cpu", DeviceOptions.defaults());
    private final Ops ops = new Ops(device);
    private Weights weights;
    private QwenImageAutoencoder autoencoder;

    @BeforeEach
    void load() {
        weights = Weights.open(fixture);
        autoencoder = new QwenImageAutoencoder(ops, config, weights);
    }

    @AfterEach
    void close() {
        autoencoder.close();
        weights.close();
        ops.close();
        device.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8, 20})
    void decode_inStrips_equalsTheWhole(int rows) {
        Tensor latents = random(2, 21, 6, config.latentChannels());
        assertSame(autoencoder.decode(ops, latents, rows), autoencoder.decode(ops, latents));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8, 20})
    void encode_inStrips_equalsTheWhole(int rows) {
        int factor = config.scaleFactor();
        Tensor image = random(2, 21 * factor, 6 * factor, 3);
        assertSame(autoencoder.encode(ops, image, rows), autoencoder.encode(ops, image));
    }

    @Test
    void decode_inStrips_needsLessMemory() {
        Tensor latents = random(1, 128, 64, config.latentChannels());
        long whole = peak(() -> autoencoder.decode(ops, latents, 128));
        long strips = peak(() -> autoencoder.decode(ops, latents, 8));
        // the middle block, whole in both, is a large part in these autoencoders of few levels
        assertThat(strips).isLessThan(whole * 7 / 10);
    }

    @Test
    void encode_wrongShape_isRefused() {
        int factor = config.scaleFactor();
        for (Tensor image :
                new Tensor[] {
                    random(1, factor + 1, factor, 3),
                    random(1, factor, factor, 4),
                    random(factor, factor, 3)
                }) {
            assertThatThrownBy(() -> autoencoder.encode(ops, image))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "encode: image must be [batch, height, width, 3] with sides that are"
                                    + " multiples of "
                                    + factor
                                    + ", got "
                                    + image.shape()
                                    + "; crop or resize it");
        }
    }

    @Test
    void decode_wrongChannels_isRefused() {
        Tensor latents = random(1, 2, 2, config.latentChannels() + 1);
        assertThatThrownBy(() -> autoencoder.decode(ops, latents))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("decode: latents must be [batch, height, width, ");
    }

    private long peak(Supplier<Tensor> work) {
        device.memory().resetPeak();
        long before = device.memory().stats().scratchBytes();
        ops.free(work.get());
        return device.memory().stats().peakScratchBytes() - before;
    }

    private void assertSame(Tensor got, Tensor want) {
        assertThat(got.shape()).isEqualTo(want.shape());
        assertThat(ops.host().bytes(got)).isEqualTo(ops.host().bytes(want));
    }

    private Tensor random(int... dims) {
        Random random = new Random(7);
        float[] values = new float[(int) Shape.of(dims).numel()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return ops.host().floats(Shape.of(dims), values);
    }
}
