package glance.model.dit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.fixtures.Fixture;
import glance.fixtures.NameTwin;
import glance.io.Config;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.io.Weights;
import glance.model.part.Recognised;
import glance.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DitNamesTest {
    private static final Path CASE = Fixture.folder("dit-transformer");

    @TempDir private Path folder;

    /** The case with the embedders of its first block in all, which the authors' model has once. */
    private static Map<String, HostTensor> ours() {
        Map<String, HostTensor> ours = Fixture.tensors(CASE);
        ours.replaceAll(
                (name, tensor) ->
                        name.contains(".norm1.emb.")
                                ? ours.get(name.replaceFirst("blocks.\\d+", "blocks.0"))
                                : tensor);
        return ours;
    }

    /** Word for word as the authors' files have it, by hand. */
    private static Map<String, HostTensor> theirs(Map<String, HostTensor> ours) {
        Map<String, HostTensor> theirs = new LinkedHashMap<>();
        ours.forEach(
                (name, tensor) -> {
                    String[][] rules = {
                        {"^pos_embed.proj", "x_embedder.proj"},
                        {"^proj_out_1", "final_layer.adaLN_modulation.1"},
                        {"^proj_out_2", "final_layer.linear"},
                        {".*timestep_embedder.linear_1", "t_embedder.mlp.0"},
                        {".*timestep_embedder.linear_2", "t_embedder.mlp.2"},
                        {".*class_embedder", "y_embedder"},
                        {"^transformer_blocks", "blocks"},
                        {"attn1.to_q", "attn.qkv"},
                        {"attn1.to_out.0", "attn.proj"},
                        {"ff.net.0.proj", "mlp.fc1"},
                        {"ff.net.2", "mlp.fc2"},
                        {"norm1.linear", "adaLN_modulation.1"},
                    };
                    String their = name;
                    for (String[] rule : rules) {
                        their = their.replaceFirst(rule[0], rule[1]);
                    }
                    if (name.contains("to_q")) {
                        HostTensor k = ours.get(name.replace("to_q", "to_k"));
                        HostTensor v = ours.get(name.replace("to_q", "to_v"));
                        theirs.put(their, NameTwin.joined(tensor, k, v));
                    } else if (!name.matches(".*to_[kv]\\.\\w+")) {
                        theirs.put(their, tensor);
                    }
                });
        return theirs;
    }

    @Test
    void table_isTheSameBothWays() {
        Map<String, HostTensor> ours = ours();
        NameTwin.sameBothWays(DitNames.TABLE, ours, theirs(ours), folder);
    }

    @Test
    void transformerInTheirNames_computesTheSame() {
        Map<String, HostTensor> ours = ours();
        assertThat(modulation(theirs(ours))).isEqualTo(modulation(ours));
    }

    private float[] modulation(Map<String, HostTensor> tensors) {
        Path file = folder.resolve("transformer.safetensors");
        SafetensorsWriter.write(file, tensors, Map.of());
        DitConfig config = DitConfig.of(Config.read(CASE.resolve("config.json")));
        float[][] result = new float[1][];
        Fixture.onCpu(
                ops -> {
                    try (Weights weights = Weights.open(file);
                            DitTransformer model = new DitTransformer(ops, config, weights)) {
                        assertThat(
                                        new DitFamily()
                                                .recognise(
                                                        weights,
                                                        Config.read(CASE.resolve("config.json"))))
                                .map(Recognised::what)
                                .hasValueSatisfying(what -> assertThat(what).contains("2 blocks"));
                        Tensor out =
                                model.modulation(ops, new float[] {7}, new int[] {3})
                                        .single()
                                        .get(1);
                        result[0] = new float[(int) out.numel()];
                        ops.host().floats(out).get(result[0]);
                    }
                });
        return result[0];
    }

    @Test
    void embeddersThatDiffer_areRefused() {
        Path file = folder.resolve("ours.safetensors");
        SafetensorsWriter.write(file, Fixture.tensors(CASE), Map.of());
        try (Weights weights = Weights.open(file)) {
            assertThatThrownBy(() -> DitNames.TABLE.original(weights))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("transformer_blocks.1.norm1.emb.")
                    .hasMessageContaining("differs from transformer_blocks.0.norm1.emb.");
        }
    }
}
