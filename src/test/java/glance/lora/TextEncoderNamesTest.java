package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;

import glance.tensor.Shape;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextEncoderNamesTest {
    private static final String CLIP =
            "text_encoder.text_model.encoder.layers.0.self_attn.out_proj";
    private static final String BIG = "text_encoder_2.encoder.layers.0.self_attn.out_proj";
    private static final String T5 = "text_encoder_3.encoder.block.0.layer.0.SelfAttention.q";
    private static final Map<String, Shape> SD3 =
            modules("transformer_blocks.0.attn.to_q", CLIP, BIG, T5);
    private static final KeyMap SD3_NAMES =
            KeyMap.identity()
                    .withTextEncoders(
                            new TextEncoderNames("text_encoder", 1, 1, "clip_l"),
                            new TextEncoderNames("text_encoder_2", 2, 2, "clip_g"),
                            new TextEncoderNames("text_encoder_3", 3, 3, "t5xxl"));

    private static Map<String, Shape> modules(String... names) {
        Map<String, Shape> modules = new LinkedHashMap<>();
        for (String name : names) {
            modules.put(name, Shape.of(8, 8));
        }
        return modules;
    }

    private static String find(KeyMap names, Map<String, Shape> modules, String name) {
        List<KeyMap.Target> found =
                new ModuleNames(names, modules).find(Path.of("x.safetensors"), name);
        return found == null ? null : found.get(0).module();
    }

    /** Wrappers that a checkpoint has or lacks may be missing or there in the file. */
    @ParameterizedTest
    @CsvSource({
        "lora_te_text_model_encoder_layers_0_self_attn_out_proj,                       1",
        "lora_te1_text_model_encoder_layers_0_self_attn_out_proj,                      1",
        "lora_te1_encoder_layers_0_self_attn_out_proj,                                 1",
        "text_encoder.text_model.encoder.layers.0.self_attn.out_proj,                  1",
        "text_encoder.text_model.encoder.layers.0.self_attn.to_out_lora,               1",
        "base_model.model.text_encoder.encoder.layers.0.self_attn.out_proj,            1",
        "te1.text_model.encoder.layers.0.self_attn.out_proj,                           1",
        "text_encoders.clip_l.transformer.text_model.encoder.layers.0.self_attn.out_proj, 1",
        "lora_te2_text_model_encoder_layers_0_self_attn_out_proj,                      2",
        "text_encoder_2.text_model.encoder.layers.0.self_attn.out_proj,                2",
        "clip_g.transformer.text_model.encoder.layers.0.self_attn.out_proj,            2",
        "lora_te3_encoder_block_0_layer_0_SelfAttention_q,                             3",
        "text_encoder_3_encoder_block_0_layer_0_SelfAttention_q,                       3",
        "base_model.model.encoder.block.0.layer.0.SelfAttention.q,                     3",
        "text_encoders.t5xxl.transformer.encoder.block.0.layer.0.SelfAttention.q,      3"
    })
    void namesOfAllTools_areUnderstood(String name, int encoder) {
        assertThat(find(SD3_NAMES, SD3, name)).isEqualTo(List.of(CLIP, BIG, T5).get(encoder - 1));
    }

    @Test
    void nameWithoutItsEncoder_twoHaveTheModule_isUnknown() {
        String name = "base_model.model.text_model.encoder.layers.0.self_attn.out_proj";
        assertThat(find(SD3_NAMES, SD3, name)).isNull();
        assertThat(find(SD3_NAMES, modules(CLIP, T5), name)).isEqualTo(CLIP);
    }

    /** The kohya tools count T5 as the third encoder also where it is the second. */
    @ParameterizedTest
    @CsvSource({"lora_te2_", "lora_te3_", "text_encoder_2."})
    void t5OfFlux_hasTwoNumbers(String prefix) {
        KeyMap flux =
                KeyMap.identity()
                        .withTextEncoders(
                                new TextEncoderNames("text_encoder", 1, 1, "clip_l"),
                                new TextEncoderNames("text_encoder_2", 3, 2, "t5xxl"));
        String module = "text_encoder_2.encoder.block.0.layer.0.SelfAttention.q";
        String inside = "encoder.block.0.layer.0.SelfAttention.q";
        String name = prefix + (prefix.endsWith("_") ? inside.replace('.', '_') : inside);
        assertThat(find(flux, modules(module), name)).isEqualTo(module);
    }

    @ParameterizedTest
    @CsvSource({
        "text_encoder.model.language_model.layers.0.self_attn.q_proj",
        "text_encoder.model.layers.0.self_attn.q_proj",
        "lora_te_layers_0_self_attn_q_proj",
        "base_model.model.model.layers.0.self_attn.q_proj",
        "text_encoders.qwen25_7b.transformer.model.layers.0.self_attn.q_proj"
    })
    void qwen_ofEitherLayout_isFound(String name) {
        KeyMap qwen =
                KeyMap.identity()
                        .withTextEncoders(new TextEncoderNames("text_encoder", 1, 1, "qwen25_7b"));
        for (String wrapper : List.of("model.", "model.language_model.")) {
            String module = "text_encoder." + wrapper + "layers.0.self_attn.q_proj";
            assertThat(find(qwen, modules(module, "blocks.0.to_q"), name)).isEqualTo(module);
        }
    }
}
