package glance.model.autoencoderkl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import glance.api.DeviceOptions;
import glance.backend.Device;
import glance.backend.Devices;
import glance.fixtures.Fixture;
import glance.io.Config;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.io.Weights;
import glance.model.TokenGrid;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Strips give the result of the whole picture, bit for bit, in less memory. */
class AutoencoderKlTest {
    private final Path fixture = Path.of(System.getProperty("glance.fixtures"), "autoencoder-kl");
    private final AutoencoderKlConfig config =
            AutoencoderKlConfig.of(Config.read(fixture.resolve("config.json")));
    private final Device device = Devices.open("cpu", DeviceOptions.defaults());
    private final Ops ops = new Ops(device);
    private Weights weights;
    private AutoencoderKl autoencoder;

    @BeforeEach
    void load() {
        weights = Weights.open(fixture);
        autoencoder = new AutoencoderKl(ops, config, weights);
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

    @Test
    void codec_encodeThenShape_isThatOfItsTokens() {
        AutoencoderKlCodec codec = new AutoencoderKlCodec(ops, config, Weights.open(fixture), 2);
        try (codec) {
            int factor = config.scaleFactor();
            Tensor image = random(1, 4 * factor, 6 * factor, 3);
            Tensor tokens = codec.encode(ops, image);
            assertThat(tokens.shape()).isEqualTo(Shape.of(1, 2 * 3, 4 * config.latentChannels()));
            assertThat(codec.decode(ops, tokens, new TokenGrid(2, 3)).shape())
                    .isEqualTo(image.shape());
            assertThatThrownBy(() -> codec.decode(ops, tokens, new TokenGrid(2, 4)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("decode: latents must be [batch, 8, ");
            assertThatThrownBy(() -> codec.encode(ops, random(1, factor, 2 * factor, 3)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("multiples of " + 2 * factor);
        }
    }

    @Test
    void codec_decodeOfEncode_scalesAndShiftsThereAndBack() {
        int factor = config.scaleFactor();
        Tensor image = random(1, 4 * factor, 4 * factor, 3);
        try (AutoencoderKlCodec codec =
                new AutoencoderKlCodec(ops, config, Weights.open(fixture), 1)) {
            Tensor mean =
                    ops.pack(autoencoder.encode(ops, image).narrow(3, 0, config.latentChannels()));
            Tensor tokens = codec.encode(ops, image);
            float raw = ops.host().floats(mean).get(5);
            double scaled = (raw - config.shiftFactor()) * config.scalingFactor();
            assertThat((double) ops.host().floats(tokens).get(5)).isCloseTo(scaled, within(1e-6));
            Tensor direct = autoencoder.decode(ops, mean);
            Tensor through = codec.decode(ops, tokens, new TokenGrid(4, 4));
            for (int i = 0; i < direct.numel(); i++) {
                assertThat(ops.host().floats(through).get(i))
                        .isCloseTo(ops.host().floats(direct).get(i), within(1e-4f));
            }
        }
    }

    /** Quant convolutions of factor 2: what comes out doubles, what goes in is doubled. */
    @Test
    void quantConvolutions_standBehindTheEncoderAndBeforeTheDecoder(@TempDir Path folder)
            throws IOException {
        int channels = config.latentChannels();
        Map<String, HostTensor> tensors = Fixture.tensors(fixture);
        putDouble(tensors, "quant_conv", 2 * channels);
        putDouble(tensors, "post_quant_conv", channels);
        SafetensorsWriter.write(folder.resolve("vae.safetensors"), tensors, Map.of());
        String text = Files.readString(fixture.resolve("config.json"));
        Files.writeString(
                folder.resolve("config.json"),
                text.replace("quant_conv\": false", "quant_conv\": true"));
        AutoencoderKlConfig with =
                AutoencoderKlConfig.of(Config.read(folder.resolve("config.json")));
        assertThat(with.quantConv() && with.postQuantConv()).isTrue();
        Tensor two = ops.host().floats(Shape.of(1), 2);
        Tensor image = random(1, 8, 8, 3);
        Tensor latents = random(1, 4, 4, channels);
        try (Weights opened = Weights.open(folder.resolve("vae.safetensors"));
                AutoencoderKl doubling = new AutoencoderKl(ops, with, opened)) {
            assertSame(doubling.encode(ops, image), ops.mul(autoencoder.encode(ops, image), two));
            assertSame(
                    doubling.decode(ops, latents), autoencoder.decode(ops, ops.mul(latents, two)));
        }
    }

    private static void putDouble(Map<String, HostTensor> tensors, String name, int channels) {
        float[] diagonal = new float[channels * channels];
        for (int i = 0; i < channels; i++) {
            diagonal[i * channels + i] = 2;
        }
        tensors.put(
                name + ".weight",
                HostFloats.tensor(DType.F32, Shape.of(channels, channels, 1, 1), diagonal));
        tensors.put(
                name + ".bias",
                HostFloats.tensor(DType.F32, Shape.of(channels), new float[channels]));
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
