package glance.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.fixtures.Fixture;
import glance.io.Config;
import glance.io.Weights;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QwenTextEncoderTest {
    private static final Path CASE = Fixture.folder("qwen2_5_vl-text");
    private static final Path THIRD = Fixture.folder("qwen3-text");

    @TempDir Path folder;

    private static FloatBuffer encode(
            Ops ops, QwenConfig config, Path checkpoint, List<int[]> ids) {
        try (Weights weights = Weights.open(checkpoint);
                QwenTextEncoder encoder = new QwenTextEncoder(ops, config, weights)) {
            return ops.host().floats(encoder.encode(ops, ids).embeddings());
        }
    }

    private static QwenConfig flat() {
        return QwenConfig.of(Config.read(CASE.resolve("config.json")));
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
        assertThat(QwenConfig.of(Config.read(file))).isEqualTo(flat());
    }

    @Test
    void config_unsupportedActivation_isRefusedByName() throws IOException {
        String text = Files.readString(CASE.resolve("config.json")).replace("\"silu\"", "\"relu\"");
        Path file = Files.writeString(folder.resolve("config.json"), text);
        assertThatThrownBy(() -> QwenConfig.of(Config.read(file)))
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

    /**
     * As Qwen3-VL is published: under text_config, with interleaved axes, beside a vision tower.
     */
    @Test
    void states_ofQwen3Vl_areThoseOfQwen3() throws IOException {
        Config own = Config.read(THIRD.resolve("config.json"));
        String nested =
                """
                {"architectures": ["Qwen3VLModel"], "model_type": "qwen3_vl", "text_config": {
                  "model_type": "qwen3_vl_text", "head_dim": 32, "hidden_size": 64,
                  "intermediate_size": 128, "num_attention_heads": 4, "num_hidden_layers": 4,
                  "num_key_value_heads": 2, "rms_norm_eps": 1e-06, "vocab_size": 480,
                  "rope_parameters": {"mrope_interleaved": true, "mrope_section": [8, 4, 4],
                    "rope_theta": 1000000.0, "rope_type": "default"}}}
                """;
        Path file = Files.writeString(folder.resolve("config.json"), nested);
        QwenConfig config = QwenConfig.of(Config.read(file));
        assertThat(config).isEqualTo(QwenConfig.of(own));
        Path renamed =
                Fixture.renamed(
                        THIRD.resolve("model.safetensors"),
                        folder.resolve("model.safetensors"),
                        name -> name.replaceFirst("^model", "language_model"));
        List<int[]> ids = List.of(new int[] {5, 17, 3, 99});
        Fixture.onCpu(
                ops ->
                        assertThat(encode(ops, config, renamed, ids))
                                .isEqualTo(encode(ops, config, THIRD, ids)));
    }

    @Test
    void states_inAnyOrder_areThoseOfEachAlone() {
        QwenConfig config = QwenConfig.of(Config.read(THIRD.resolve("config.json")));
        PaddedTexts texts = PaddedTexts.of(List.of(new int[] {5, 17}, new int[] {8}), 4, 475);
        Fixture.onCpu(
                ops -> {
                    try (Weights weights = Weights.open(THIRD);
                            QwenTextEncoder encoder = new QwenTextEncoder(ops, config, weights)) {
                        List<Tensor> both = encoder.states(ops, texts, 3, 0, 3);
                        for (int i = 0; i < 3; i++) {
                            int state = i == 1 ? 0 : 3;
                            Tensor alone = encoder.states(ops, texts, state).get(0);
                            assertThat(ops.host().floats(both.get(i)))
                                    .isEqualTo(ops.host().floats(alone));
                        }
                    }
                });
    }

    @Test
    void config_otherModel_isRefusedByName() throws IOException {
        String text =
                Files.readString(THIRD.resolve("config.json")).replace("\"qwen3\"", "\"llama\"");
        Path file = Files.writeString(folder.resolve("config.json"), text);
        assertThatThrownBy(() -> QwenConfig.of(Config.read(file)))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("model_type")
                .hasMessageContaining("llama");
    }
}
