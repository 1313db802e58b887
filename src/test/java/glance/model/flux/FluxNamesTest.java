package glance.model.flux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.fixtures.Fixture;
import glance.fixtures.NameTwin;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.io.Weights;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FluxNamesTest {
    private static final Path CASE = Fixture.folder("flux-transformer");

    @TempDir private Path folder;

    /** Word for word as the published files have it, by hand. */
    private static Map<String, HostTensor> theirs(Map<String, HostTensor> ours) {
        Map<String, HostTensor> theirs = new LinkedHashMap<>();
        ours.forEach(
                (name, tensor) -> {
                    String their = theirs(name);
                    if (their.startsWith("final_layer.adaLN")) {
                        theirs.put(their, NameTwin.swapped(tensor));
                    } else if (name.matches(".*(to_q|add_q_proj)\\.\\w+")) {
                        String key = name.replace("to_q", "to_k").replace("add_q", "add_k");
                        String value = key.replace("to_k", "to_v").replace("add_k", "add_v");
                        HostTensor qkv = NameTwin.joined(tensor, ours.get(key), ours.get(value));
                        String mlp = name.replace("attn.to_q", "proj_mlp");
                        boolean single = name.startsWith("single");
                        theirs.put(their, single ? NameTwin.joined(qkv, ours.get(mlp)) : qkv);
                    } else if (!name.matches(
                            ".*(to_k|to_v|add_k_proj|add_v_proj|proj_mlp)\\.\\w+")) {
                        theirs.put(their, tensor);
                    }
                });
        return theirs;
    }

    private static String theirs(String ours) {
        String[][] rules = {
            {"^x_embedder", "img_in"},
            {"^context_embedder", "txt_in"},
            {"^time_text_embed.timestep_embedder", "time_in"},
            {"^time_text_embed.text_embedder", "vector_in"},
            {"^time_text_embed.guidance_embedder", "guidance_in"},
            {"(_in).linear_1", "$1.in_layer"},
            {"(_in).linear_2", "$1.out_layer"},
            {"^norm_out.linear", "final_layer.adaLN_modulation.1"},
            {"^proj_out", "final_layer.linear"},
            {"^single_transformer_blocks.(\\d+).norm.linear", "single_blocks.$1.modulation.lin"},
            {"^single_transformer_blocks.(\\d+).attn.to_q", "single_blocks.$1.linear1"},
            {"^single_transformer_blocks.(\\d+).proj_out", "single_blocks.$1.linear2"},
            {
                "^single_transformer_blocks.(\\d+).attn.norm_q.weight",
                "single_blocks.$1.norm.query_norm.scale"
            },
            {
                "^single_transformer_blocks.(\\d+).attn.norm_k.weight",
                "single_blocks.$1.norm.key_norm.scale"
            },
            {"^transformer_blocks", "double_blocks"},
            {"norm1.linear", "img_mod.lin"},
            {"norm1_context.linear", "txt_mod.lin"},
            {"attn.to_q", "img_attn.qkv"},
            {"attn.add_q_proj", "txt_attn.qkv"},
            {"attn.to_out.0", "img_attn.proj"},
            {"attn.to_add_out", "txt_attn.proj"},
            {"\\bff.net.0.proj", "img_mlp.0"},
            {"\\bff.net.2", "img_mlp.2"},
            {"ff_context.net.0.proj", "txt_mlp.0"},
            {"ff_context.net.2", "txt_mlp.2"},
            {"attn.norm_q.weight", "img_attn.norm.query_norm.scale"},
            {"attn.norm_k.weight", "img_attn.norm.key_norm.scale"},
            {"attn.norm_added_q.weight", "txt_attn.norm.query_norm.scale"},
            {"attn.norm_added_k.weight", "txt_attn.norm.key_norm.scale"},
        };
        String name = ours;
        for (String[] rule : rules) {
            name = name.replaceAll(rule[0], rule[1]);
        }
        return name;
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "model.diffusion_model.", "diffusion_model.", "net."})
    void renamedTransformer_equalsItsReference(String prefix) {
        Map<String, HostTensor> theirs = theirs(Fixture.tensors(CASE));
        assertThat(theirs).containsKeys("single_blocks.1.linear1.weight", "img_in.bias");
        NameTwin.passes(CASE, NameTwin.prefixed(prefix, theirs), folder);
    }

    @Test
    void table_isTheSameBothWays() {
        Map<String, HostTensor> ours = Fixture.tensors(CASE);
        NameTwin.sameBothWays(FluxNames.TABLE, ours, theirs(ours), folder);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "double_blocks.0.txt_attn.qkv.weight | 7, 8 | cannot be taken apart into transformer",
                "single_blocks.0.linear1.weight | 24, 8 | cannot be taken apart into single_tran",
                "double_blocks.0.txt_attn.qkv.bias | '' | cannot be taken apart",
                "x_embedder.weight | 4, 4 | is the name of two tensors, img_in.weight and",
            })
    void damagedFile_isRefusedByNameOfTheTensor(String name, String shape, String reason) {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        tensors.put("double_blocks.0.img_attn.qkv.weight", zeros("24, 8"));
        tensors.put("double_blocks.1000000000.img_attn.qkv.weight", zeros("5, 1"));
        tensors.put("single_blocks.0.linear1.bias", zeros("56"));
        tensors.put("img_in.weight", zeros("4, 4"));
        tensors.put("single_blocks.0.linear1.weight", zeros("56, 8"));
        tensors.put(name, zeros(shape));
        Path file = folder.resolve("flux.safetensors");
        SafetensorsWriter.write(file, tensors, Map.of());
        try (Weights weights = Weights.open(file)) {
            assertThatThrownBy(() -> FluxNames.TABLE.view(weights))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining(file + ": " + name + ": ")
                    .hasMessageContaining(reason);
        }
    }

    private static HostTensor zeros(String shape) {
        int[] dims =
                shape.isEmpty()
                        ? new int[0]
                        : Arrays.stream(shape.split(", ")).mapToInt(Integer::parseInt).toArray();
        Shape all = Shape.of(dims);
        return HostFloats.tensor(DType.F32, all, new float[(int) all.numel()]);
    }
}
