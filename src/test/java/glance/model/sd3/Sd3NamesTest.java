package glance.model.sd3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.fixtures.Fixture;
import glance.fixtures.NameTwin;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.io.Weights;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Sd3NamesTest {
    private static final Path CASE = Fixture.folder("sd3-transformer");

    /** The case has two blocks. */
    private static final String LAST = "transformer_blocks.1.";

    @TempDir private Path folder;

    /** Word for word as the published files have it, by hand. */
    private static Map<String, HostTensor> theirs(Map<String, HostTensor> ours) {
        Map<String, HostTensor> theirs = new LinkedHashMap<>();
        ours.forEach(
                (name, tensor) -> {
                    String their = theirs(name);
                    if (name.startsWith("norm_out.") || name.startsWith(LAST + "norm1_context.")) {
                        theirs.put(their, NameTwin.swapped(tensor));
                    } else if (name.contains("_q")) {
                        boolean norm = name.contains(".norm_");
                        HostTensor k = ours.get(name.replace("_q", "_k"));
                        HostTensor v = ours.get(name.replace("_q", "_v"));
                        boolean single = norm || name.contains("norm_added");
                        theirs.put(their, single ? tensor : NameTwin.joined(tensor, k, v));
                    } else if (!name.matches(".*\\.(to_[kv]|add_[kv]_proj)\\.\\w+")) {
                        theirs.put(their, tensor);
                    }
                });
        return theirs;
    }

    private static String theirs(String ours) {
        String[] words = ours.split("\\.", 3);
        if (!words[0].equals("transformer_blocks")) {
            return switch (ours.substring(0, ours.lastIndexOf('.'))) {
                        case "pos_embed" -> "pos_embed";
                        case "pos_embed.proj" -> "x_embedder.proj";
                        case "context_embedder" -> "context_embedder";
                        case "norm_out.linear" -> "final_layer.adaLN_modulation.1";
                        case "proj_out" -> "final_layer.linear";
                        case "time_text_embed.timestep_embedder.linear_1" -> "t_embedder.mlp.0";
                        case "time_text_embed.timestep_embedder.linear_2" -> "t_embedder.mlp.2";
                        case "time_text_embed.text_embedder.linear_1" -> "y_embedder.mlp.0";
                        case "time_text_embed.text_embedder.linear_2" -> "y_embedder.mlp.2";
                        default -> throw new AssertionError(ours);
                    }
                    + (ours.startsWith("pos_embed.pos")
                            ? ""
                            : ours.substring(ours.lastIndexOf('.')));
        }
        boolean text = ours.matches(".*(_context|add_|added_).*");
        String layer = words[2].substring(0, words[2].lastIndexOf('.'));
        String theirs =
                switch (layer.replace("_context", "")) {
                    case "norm1.linear" -> "adaLN_modulation.1";
                    case "attn.to_q", "attn.add_q_proj" -> "attn.qkv";
                    case "attn.norm_q", "attn.norm_added_q" -> "attn.ln_q";
                    case "attn.norm_k", "attn.norm_added_k" -> "attn.ln_k";
                    case "attn.to_out.0", "attn.to_add_out" -> "attn.proj";
                    case "attn2.to_q" -> "attn2.qkv";
                    case "attn2.norm_q" -> "attn2.ln_q";
                    case "attn2.norm_k" -> "attn2.ln_k";
                    case "attn2.to_out.0" -> "attn2.proj";
                    case "ff.net.0.proj" -> "mlp.fc1";
                    case "ff.net.2" -> "mlp.fc2";
                    default -> "part of another";
                };
        String block = text ? ".context_block." : ".x_block.";
        return "joint_blocks." + words[1] + block + theirs + ours.substring(ours.lastIndexOf('.'));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "model.diffusion_model."})
    void renamedTransformer_equalsItsReference(String prefix) {
        Map<String, HostTensor> theirs = theirs(Fixture.tensors(CASE));
        assertThat(theirs)
                .containsKeys(
                        "joint_blocks.0.x_block.attn2.ln_q.weight",
                        "joint_blocks.1.context_block.attn.qkv.bias");
        NameTwin.passes(CASE, NameTwin.prefixed(prefix, theirs), folder);
    }

    @Test
    void table_isTheSameBothWays() {
        Map<String, HostTensor> ours = Fixture.tensors(CASE);
        NameTwin.sameBothWays(Sd3Names.TABLE, ours, theirs(ours), folder);
    }

    @ParameterizedTest
    @ValueSource(strings = {"attn.to_k.weight", "attn.add_v_proj.bias"})
    void missingPart_isNamed(String part) {
        Map<String, HostTensor> ours = Fixture.tensors(CASE);
        ours.remove(LAST + part);
        Path file = folder.resolve("ours.safetensors");
        SafetensorsWriter.write(file, ours, Map.of());
        try (Weights weights = Weights.open(file)) {
            assertThatThrownBy(() -> Sd3Names.TABLE.original(weights))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining(" with " + LAST + part + ", which is missing");
        }
    }
}
