package glance.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.fixtures.Fixture;
import glance.fixtures.GgufTwin;
import glance.fixtures.NameTwin;
import glance.io.Config;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.io.Weights;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Text encoders in the names of OpenCLIP and llama.cpp. */
class TextNamesTest {
    private static final Path CLIP = Fixture.folder("clip-text");
    private static final Path T5 = Fixture.folder("t5-encoder");
    private static final Path QWEN = Fixture.folder("qwen2_5_vl-text");
    private static final Path QWEN3 = Fixture.folder("qwen3-text");

    @TempDir private Path folder;

    /** As the published files of CLIP-G have it, by hand. */
    private static Map<String, HostTensor> openClip(Map<String, HostTensor> ours) {
        Map<String, HostTensor> theirs = new LinkedHashMap<>();
        ours.forEach(
                (name, tensor) -> {
                    String[] words = name.replace("text_model.", "").split("\\.");
                    String end = words[words.length - 1];
                    if (words[0].equals("embeddings")) {
                        theirs.put(
                                words[1].startsWith("token")
                                        ? "token_embedding.weight"
                                        : "positional_embedding",
                                tensor);
                        return;
                    }
                    if (words[0].equals("text_projection")) {
                        theirs.put("text_projection", transposed(tensor));
                        return;
                    }
                    if (words[0].equals("final_layer_norm")) {
                        theirs.put("ln_final." + end, tensor);
                        return;
                    }
                    String block = "transformer.resblocks." + words[2] + ".";
                    switch (words[words.length - 2]) {
                        case "layer_norm1" -> theirs.put(block + "ln_1." + end, tensor);
                        case "layer_norm2" -> theirs.put(block + "ln_2." + end, tensor);
                        case "fc1" -> theirs.put(block + "mlp.c_fc." + end, tensor);
                        case "fc2" -> theirs.put(block + "mlp.c_proj." + end, tensor);
                        case "out_proj" -> theirs.put(block + "attn.out_proj." + end, tensor);
                        case "q_proj" ->
                                theirs.put(
                                        block + "attn.in_proj_" + end,
                                        NameTwin.joined(
                                                tensor,
                                                ours.get(name.replace("q_proj", "k_proj")),
                                                ours.get(name.replace("q_proj", "v_proj"))));
                        default -> assertThat(name).matches(".*[kv]_proj.*");
                    }
                });
        return theirs;
    }

    private static HostTensor transposed(HostTensor tensor) {
        float[] values = HostFloats.read(tensor);
        int rows = tensor.shape().dim(0);
        int columns = tensor.shape().dim(1);
        float[] turned = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            turned[i % columns * rows + i / columns] = values[i];
        }
        return HostFloats.tensor(tensor.dtype(), Shape.of(columns, rows), turned);
    }

    /** As the published files have it, by hand. */
    private static Map<String, HostTensor> llamaCpp(Map<String, HostTensor> ours) {
        String[][] rules = {
            {"^encoder.block.", "enc.blk."},
            {"^encoder.final_layer_norm", "enc.output_norm"},
            {"^shared", "token_embd"},
            {"layer.0.layer_norm", "attn_norm"},
            {"layer.1.layer_norm", "ffn_norm"},
            {"layer.0.SelfAttention.relative_attention_bias", "attn_rel_b"},
            {"layer.0.SelfAttention.([qkvo])", "attn_$1"},
            {"layer.1.DenseReluDense.wi_0", "ffn_gate"},
            {"layer.1.DenseReluDense.wi_1", "ffn_up"},
            {"layer.1.DenseReluDense.wo", "ffn_down"},
            {"^model.layers.", "blk."},
            {"^model.embed_tokens", "token_embd"},
            {"^model.norm", "output_norm"},
            {"^lm_head", "output"},
            {"post_attention_layernorm", "ffn_norm"},
            {"input_layernorm", "attn_norm"},
            {"self_attn.([qkv])_proj", "attn_$1"},
            {"self_attn.o_proj", "attn_output"},
            {"self_attn.([qk])_norm", "attn_$1_norm"},
            {"mlp.(gate|up|down)_proj", "ffn_$1"},
        };
        Map<String, HostTensor> theirs = new LinkedHashMap<>();
        ours.forEach(
                (name, tensor) -> {
                    String their = name;
                    for (String[] rule : rules) {
                        their =
                                name.startsWith("visual")
                                        ? name
                                        : their.replaceFirst(rule[0], rule[1]);
                    }
                    theirs.put(their, tensor);
                });
        return theirs;
    }

    /** The case with the names of today, and a projection that is no square. */
    private static Map<String, HostTensor> projected() {
        Map<String, HostTensor> ours = new LinkedHashMap<>();
        Fixture.tensors(CLIP).forEach((name, tensor) -> ours.put("text_model." + name, tensor));
        float[] values = new float[5 * 32];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        ours.put("text_projection.weight", HostFloats.tensor(DType.F32, Shape.of(5, 32), values));
        return ours;
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "cond_stage_model.model.", "conditioner.embedders.1.model."})
    void openClip_equalsItsReference(String prefix) {
        Map<String, HostTensor> theirs = openClip(Fixture.tensors(CLIP));
        theirs.put("logit_scale", HostFloats.tensor(DType.F32, Shape.of(), 4.6f));
        theirs.put("visual.conv1.weight", HostFloats.tensor(DType.F32, Shape.of(1), 1));
        NameTwin.passes(CLIP, NameTwin.prefixed(prefix, theirs), folder);
    }

    @Test
    void openClip_isTheSameBothWays() {
        Map<String, HostTensor> ours = projected();
        NameTwin.sameBothWays(OpenClipNames.TABLE, ours, openClip(ours), folder);
    }

    @Test
    void openClip_projectionThatIsNoMatrix_isRefused() {
        Map<String, HostTensor> theirs = openClip(projected());
        theirs.put("text_projection", HostFloats.tensor(DType.F32, Shape.of(2), 1, 2));
        Path file = folder.resolve("clip_g.safetensors");
        SafetensorsWriter.write(file, theirs, Map.of());
        try (Weights weights = Weights.open(file)) {
            assertThatThrownBy(() -> OpenClipNames.TABLE.view(weights))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining(file + ": text_projection: must be a matrix");
        }
    }

    @Test
    void t5OfLlamaCpp_equalsItsReference() {
        NameTwin.passes(T5, llamaCpp(Fixture.tensors(T5)), folder);
    }

    @Test
    void t5OfLlamaCpp_isTheSameBothWays() {
        Map<String, HostTensor> ours = Fixture.tensors(T5);
        NameTwin.sameBothWays(LlamaCppNames.T5, ours, llamaCpp(ours), folder);
    }

    /** Words and matrices in blocks, as GGUF files have them. */
    @Test
    void t5InGguf_equalsItsTwin() {
        Path file = folder.resolve("t5.safetensors");
        SafetensorsWriter.write(file, llamaCpp(Fixture.tensors(T5)), Map.of());
        GgufTwin twin = GgufTwin.of(file, folder);
        assertThat(encodedByT5(twin.gguf())).isEqualTo(encodedByT5(twin.twin()));
    }

    private static float[] encodedByT5(Path file) {
        T5Config config = T5Config.of(Config.read(T5.resolve("config.json")));
        float[][] result = new float[1][];
        Fixture.onCpu(
                ops -> {
                    try (Weights weights = Weights.open(file);
                            T5TextEncoder encoder = new T5TextEncoder(ops, config, weights)) {
                        Tensor hidden = encoder.encode(ops, List.of(new int[] {3, 98, 7, 1}));
                        result[0] = new float[(int) hidden.numel()];
                        ops.host().floats(hidden).get(result[0]);
                    }
                });
        return result[0];
    }

    @Test
    void qwenOfLlamaCpp_equalsItsReference() {
        Map<String, HostTensor> theirs = llamaCpp(Fixture.tensors(QWEN));
        theirs.keySet().removeIf(name -> name.startsWith("visual."));
        NameTwin.passes(QWEN, theirs, folder);
    }

    @Test
    void qwenOfLlamaCpp_isTheSameBothWays() {
        Map<String, HostTensor> ours = Fixture.tensors(QWEN);
        NameTwin.sameBothWays(LlamaCppNames.QWEN, ours, llamaCpp(ours), folder);
    }

    @Test
    void qwen3OfLlamaCpp_isTheSameBothWays() {
        Map<String, HostTensor> ours = Fixture.tensors(QWEN3);
        NameTwin.sameBothWays(LlamaCppNames.QWEN, ours, llamaCpp(ours), folder);
    }
}
