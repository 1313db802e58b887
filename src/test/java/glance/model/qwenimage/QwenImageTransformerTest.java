package glance.model.qwenimage;

import static org.assertj.core.api.Assertions.assertThat;

import glance.backend.Device;
import glance.backend.DeviceOptions;
import glance.backend.Devices;
import glance.fixtures.Fixture;
import glance.io.Config;
import glance.io.Weights;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.tensor.Shape;
import org.junit.jupiter.api.Test;

class QwenImageTransformerTest {
    @Test
    void velocity_equalsReference() {
        try (Device device = Devices.open("cpu", DeviceOptions.defaults());
                Ops ops = new Ops(device);
                Fixture fixture = new Fixture("qwenimage-transformer");
                Weights weights = Weights.open(fixture.folder())) {
            QwenImageConfig config =
                    QwenImageConfig.of(Config.read(fixture.folder().resolve("config.json")));
            try (QwenImageTransformer transformer =
                    new QwenImageTransformer(ops, config, weights)) {
                TextBatch text =
                        new TextBatch(
                                fixture.tensor(ops, "in.encoder_hidden_states"),
                                ops.host().ints(Shape.of(2), 7, 5));
                QwenImageModulation modulation =
                        transformer.modulation(
                                ops,
                                ops.host().floats(fixture.tensor(ops, "in.timestep")).get(0),
                                0.412f);
                var sample =
                        transformer.velocity(
                                ops,
                                fixture.tensor(ops, "in.hidden_states"),
                                text,
                                modulation,
                                4,
                                6);
                double error = fixture.error(ops, sample, "out.sample");
                System.out.println("transformer error " + error);
                assertThat(error).isLessThan(2e-5);
            }
        }
    }

    @Test
    void autoencoder() {
        try (Device device = Devices.open("cpu", DeviceOptions.defaults());
                Ops ops = new Ops(device);
                Fixture fixture = new Fixture("autoencoder-kl-qwenimage");
                Weights weights = Weights.open(fixture.folder())) {
            AutoencoderConfig config =
                    AutoencoderConfig.of(Config.read(fixture.folder().resolve("config.json")));
            try (QwenImageAutoencoder vae = new QwenImageAutoencoder(ops, config, weights)) {
                var latents = fixture.tensor(ops, "in.latents").reshape(1, 16, 4, 6);
                var image = vae.decode(ops, ops.pack(latents.permute(0, 2, 3, 1)));
                double error = fixture.error(ops, ops.pack(image.permute(0, 3, 1, 2)), "out.image");
                var in = fixture.tensor(ops, "in.image").reshape(1, 3, 16, 24);
                var moments = vae.encode(ops, ops.pack(in.permute(0, 2, 3, 1)));
                double mean =
                        fixture.error(
                                ops,
                                ops.pack(moments.narrow(3, 0, 16).permute(0, 3, 1, 2)),
                                "out.mean");
                double logvar =
                        fixture.error(
                                ops,
                                ops.pack(moments.narrow(3, 16, 16).permute(0, 3, 1, 2)),
                                "out.logvar");
                System.out.println("vae error " + error + " " + mean + " " + logvar);
            }
        }
    }

    @Test
    void text() {
        try (Device device = Devices.open("cpu", DeviceOptions.defaults());
                Ops ops = new Ops(device);
                Fixture fixture = new Fixture("qwen2_5_vl-text");
                Weights weights = Weights.open(fixture.folder())) {
            var config =
                    glance.model.text.Qwen25VlConfig.of(
                            Config.read(fixture.folder().resolve("config.json")));
            try (var encoder = new glance.model.text.Qwen25VlTextEncoder(ops, config, weights)) {
                long[] ids = fixture.longs("in.input_ids");
                int[] a =
                        java.util.stream.LongStream.of(ids)
                                .limit(15)
                                .mapToInt(i -> (int) i)
                                .toArray();
                int[] b =
                        java.util.stream.LongStream.of(ids)
                                .skip(15)
                                .limit(11)
                                .mapToInt(i -> (int) i)
                                .toArray();
                var out = encoder.encode(ops, java.util.List.of(a, b)).embeddings();
                var w = ops.host().floats(fixture.tensor(ops, "out.hidden_states"));
                var g = ops.host().floats(ops.pack(out));
                double d = 0;
                for (int i = 0; i < 26 * 64; i++) d = Math.max(d, Math.abs(w.get(i) - g.get(i)));
                System.out.println("text abs " + d);
                System.out.println(
                        "text error "
                                + fixture.error(
                                        ops, ops.pack(out.narrow(1, 0, 15)), "out.hidden_states"));
            }
        }
    }
}
