package glance.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.fixtures.Fixture;
import glance.io.Config;
import glance.io.Weights;
import glance.ops.Ops;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Qwen25VlTextEncoderTest {
    private static final Path CASE = Fixture.folder("qwen2_5_vl-text");

    @TempDir Path folder;

    private static FloatBuffer encode(
            Ops ops, Qwen25VlConfig config, Path checkpoint, List<int[]> ids) {
        try (Weights weights = Weights.open(checkpoint);
                Qwen25VlTextEncoder encoder = new Qwen25VlTextEncoder(ops, config, weights)) {
            return ops.host().floats(encoder.encode(ops, ids).embeddings());
        }
    }

    private static Qwen25VlConfig flat() {
        return Qwen25VlConfig.of(Config.read(CASE.resolve("config.json")));
    }

    @Test
    void config_nestedLayout_readsTheSame() throws IOException {
        String nested =
                """
                {"architectures": ["Qwen2_5_VLForConditionalGeneration"], "text_config": {
                  "hidden_act": "silu", "hidden_size": 64, "intermediate_size": 80,
                  "num_attention_heads": 4, "num_hidden_layers": 3, "num_key_value_heads": 2,
                  "rms_norm_eps": 1e-06, "vocab_size": 120, "an_unknown_key": 1,
                  "rope_parameters": {"rope_theta": 1000000.0, "rope_type": "default"}}}
                """;
        Path file = Files.writeString(folder.resolve("config.json"), nested);
        assertThat(Qwen25VlConfig.of(Config.read(file))).isEqualTo(flat());
    }

    @Test
    void config_unsupportedActivation_isRefusedByName() throws IOException {
        String text = Files.readString(CASE.resolve("config.json")).replace("\"silu\"", "\"relu\"");
        Path file = Files.writeString(folder.resolve("config.json"), text);
        assertThatThrownBy(() -> Qwen25VlConfig.of(Config.read(file)))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("hidden_act")
                .hasMessageContaining("relu");
    }

    @Test
    void encode_languageModelPrefix_givesTheSame() {
        Path renamed =
                Fixture.renamed(
                        CASE.resolve("model.safetensors"),
                        folder.resolve("model.safetensors"),
                        name ->
                                name.startsWith("model.") && !name.startsWith("model.visual")
                                        ? "model.language_model." + name.substring(6)
                                        : name);
        List<int[]> ids = List.of(new int[] {5, 17, 3, 99});
        Fixture.onCpu(
                ops ->
                        assertThat(encode(ops, flat(), renamed, ids))
                                .isEqualTo(encode(ops, flat(), CASE, ids)));
    }

    @Test
    void encode_paddedInABatch_equalsAlone() {
        int[] longer = {5, 17, 3, 99, 20, 31, 2};
        int[] shorter = {8, 1, 60};
        Fixture.onCpu(
                ops -> {
                    FloatBuffer both = encode(ops, flat(), CASE, List.of(longer, shorter));
                    FloatBuffer alone = encode(ops, flat(), CASE, List.of(shorter));
                    int start = longer.length * 64;
                    for (int i = 0; i < alone.remaining(); i++) {
                        assertThat(both.get(start + i))
                                .isCloseTo(
                                        alone.get(i), org.assertj.core.data.Offset.offset(1e-5f));
                    }
                });
    }

    @Test
    void encode_idOutsideTheVocabulary_isRefused() {
        Fixture.onCpu(
                ops ->
                        assertThatThrownBy(
                                        () -> encode(ops, flat(), CASE, List.of(new int[] {120})))
                                .isInstanceOf(FormatException.class)
                                .hasMessageContaining("token id 120")
                                .hasMessageContaining("vocabulary of 120"));
    }
}
