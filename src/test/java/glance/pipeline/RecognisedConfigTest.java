package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import glance.fixtures.Fixture;
import glance.io.Config;
import glance.io.Weights;
import glance.model.autoencoderkl.AutoencoderKlConfig;
import glance.model.autoencoderqwen.AutoencoderConfig;
import glance.model.dit.DitConfig;
import glance.model.flux.FluxConfig;
import glance.model.flux2.Flux2Config;
import glance.model.krea2.Krea2Config;
import glance.model.part.ModelPart;
import glance.model.part.Recognised;
import glance.model.qwenimage.QwenImageConfig;
import glance.model.sd3.Sd3Config;
import glance.model.text.ClipTextConfig;
import glance.model.text.QwenConfig;
import glance.model.text.T5Config;
import glance.model.zimage.ZImageConfig;
import java.nio.file.Path;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What names and shapes tell of config.json, beside the recorded configs. */
class RecognisedConfigTest {
    @Test
    void transformers_areKnownByTheirShapes() {
        transformer("z-image-transformer", "{\"axes_dims\": [8, 12, 12]}", ZImageConfig::of);
        transformer("krea2-transformer", "{\"axes_dims_rope\": [8, 12, 12]}", Krea2Config::of);
        transformer("sd3-transformer", "{\"attention_head_dim\": 32}", Sd3Config::of);
        transformer(
                "dit-transformer",
                "{\"attention_head_dim\": 32, \"sample_size\": 8}",
                DitConfig::of);
        transformer("flux-transformer", "{\"axes_dims_rope\": [8, 12, 12]}", FluxConfig::of);
        transformer("flux2-transformer", "{\"axes_dims_rope\": [8, 8, 8, 8]}", Flux2Config::of);
        String axes = axes("qwenimage-transformer");
        transformer("qwenimage-transformer", axes, QwenImageConfig::of);
    }

    private static String axes(String fixture) {
        Config config = config(fixture);
        return "{\"patch_size\": %d, \"out_channels\": %d, \"axes_dims_rope\": %s}"
                .formatted(
                        config.positive("patch_size"),
                        config.positive("out_channels"),
                        config.integers("axes_dims_rope"));
    }

    @Test
    void parts_areKnownByTheirShapes() {
        part("clip-text", heads("clip-text"), ClipTextConfig::of);
        part("t5-encoder", "{\"feed_forward_proj\": \"gated-gelu\"}", T5Config::of);
        part("autoencoder-kl", groups("autoencoder-kl"), AutoencoderKlConfig::of);
        part(
                "autoencoder-kl-flux2",
                "{\"norm_num_groups\": %d}"
                        .formatted(config("autoencoder-kl-flux2").positive("norm_num_groups")),
                AutoencoderKlConfig::of);
        Config vae = config("autoencoder-kl-qwenimage");
        part(
                "autoencoder-kl-qwenimage",
                "{\"latents_mean\": %s, \"latents_std\": %s}"
                        .formatted(vae.numbers("latents_mean"), vae.numbers("latents_std")),
                AutoencoderConfig::of);
    }

    /** Nested configs say their sizes themselves. */
    @Test
    void qwen_isKnownByItsShapes() {
        Config own = config("qwen2_5_vl-text");
        Recognised found = recognise("qwen2_5_vl-text", own);
        QwenConfig config = QwenConfig.of(own);
        assertThat(found.unclear()).isNull();
        assertThat(found.config())
                .containsEntry("hidden_size", config.hiddenDim())
                .containsEntry("num_attention_heads", config.numHeads())
                .containsEntry("num_key_value_heads", config.numKvHeads())
                .containsEntry("num_hidden_layers", config.numLayers())
                .containsEntry("intermediate_size", config.intermediateDim())
                .containsEntry("vocab_size", config.vocabSize());
    }

    /** The norm of a head tells its size. */
    @Test
    void qwen3_isKnownByItsShapes() {
        part("qwen3-text", "{\"model_type\": \"qwen3\", \"rms_norm_eps\": 1e-6}", QwenConfig::of);
    }

    @Test
    void headsThatDoNotFit_areUnclear() {
        assertThat(recognise("clip-text", Config.EMPTY).unclear())
                .isEqualTo("a width of 32 is no multiple of heads of 64");
        assertThat(recognise("autoencoder-kl", Config.EMPTY).unclear())
                .isEqualTo("channels [16, 32] are no multiples of 32 groups");
    }

    private static String heads(String fixture) {
        Config config = config(fixture);
        return ("{\"hidden_size\": %d, \"num_attention_heads\": %d, \"hidden_act\": \"%s\","
                        + " \"eos_token_id\": %d, \"projection_dim\": %d, \"architectures\": [\"%s\"]}")
                .formatted(
                        config.positive("hidden_size"),
                        config.positive("num_attention_heads"),
                        config.string("hidden_act"),
                        config.integer("eos_token_id"),
                        config.positive("projection_dim"),
                        config.className());
    }

    private static String groups(String fixture) {
        Config config = config(fixture);
        return "{\"norm_num_groups\": %d, \"scaling_factor\": %s, \"shift_factor\": %s}"
                .formatted(
                        config.positive("norm_num_groups"),
                        config.number("scaling_factor"),
                        config.number("shift_factor"));
    }

    private static <C> void transformer(String fixture, String base, Function<Config, C> of) {
        Config known = Config.parse(null, null, base);
        try (Weights weights = Weights.open(Fixture.folder(fixture))) {
            Recognised found =
                    Families.all().stream()
                            .flatMap(family -> family.recognise(weights, known).stream())
                            .findFirst()
                            .orElseThrow();
            assertThat(found.unclear()).isNull();
            assertThat(of.apply(known.with(found.config()))).isEqualTo(of.apply(config(fixture)));
        }
    }

    private static <C> void part(String fixture, String base, Function<Config, C> of) {
        Config known = Config.parse(null, null, base);
        Recognised found = recognise(fixture, known);
        assertThat(found.unclear()).isNull();
        assertThat(of.apply(known.with(found.config()))).isEqualTo(of.apply(config(fixture)));
    }

    private static Recognised recognise(String fixture, Config base) {
        try (Weights weights = Weights.open(Fixture.folder(fixture))) {
            return Families.all().stream()
                    .flatMap(family -> family.parts(Config.EMPTY).stream())
                    .map(ModelPart::kind)
                    .flatMap(kind -> kind.recognise(weights, base).stream())
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static Config config(String fixture) {
        Path folder = Fixture.folder(fixture);
        return Config.read(folder.resolve("config.json"));
    }
}
