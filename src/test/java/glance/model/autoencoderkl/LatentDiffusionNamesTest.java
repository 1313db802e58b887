package glance.model.autoencoderkl;

import static org.assertj.core.api.Assertions.assertThat;

import glance.fixtures.Fixture;
import glance.fixtures.NameTwin;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.io.Weights;
import glance.tensor.Shape;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatentDiffusionNamesTest {
    private static final Path CASE = Fixture.folder("autoencoder-kl");

    @TempDir private Path folder;

    private static Map<String, HostTensor> theirs(Map<String, HostTensor> ours) {
        int levels =
                1
                        + ours.keySet().stream()
                                .filter(name -> name.startsWith("decoder.up_blocks."))
                                .mapToInt(name -> Integer.parseInt(name.split("\\.")[2]))
                                .max()
                                .orElseThrow();
        Map<String, HostTensor> theirs = new LinkedHashMap<>();
        ours.forEach((name, tensor) -> theirs.put(theirs(name, levels), stored(name, tensor)));
        return theirs;
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "vae.", "first_stage_model."})
    void renamedAutoencoder_equalsItsReference(String prefix) {
        Map<String, HostTensor> theirs = theirs(Fixture.tensors(CASE));
        assertThat(theirs).containsKey("decoder.mid.attn_1.q.weight");
        assertThat(theirs).doesNotContainKey("decoder.mid_block.attentions.0.to_q.weight");
        NameTwin.passes(CASE, NameTwin.prefixed(prefix, theirs), folder);
    }

    @Test
    void table_isTheSameBothWays() {
        Map<String, HostTensor> ours = Fixture.tensors(CASE);
        NameTwin.sameBothWays(LatentDiffusionNames.TABLE, ours, theirs(ours), folder);
    }

    @Test
    void attentionInOldNamesOfDiffusers_isWrittenToo() {
        Map<String, HostTensor> ours = Fixture.tensors(CASE);
        Map<String, HostTensor> theirs = theirs(ours);
        Map<String, HostTensor> old = new LinkedHashMap<>();
        ours.forEach(
                (name, tensor) ->
                        old.put(
                                name.replace("to_q.", "query.")
                                        .replace("to_k.", "key.")
                                        .replace("to_v.", "value.")
                                        .replace("to_out.0.", "proj_attn."),
                                tensor));
        Path file = folder.resolve("old.safetensors");
        SafetensorsWriter.write(file, old, Map.of());
        try (Weights weights = Weights.open(file)) {
            assertThat(LatentDiffusionNames.TABLE.original(weights).tensors().keySet())
                    .isEqualTo(theirs.keySet());
        }
    }

    /** Word for word as the published files have it, by hand. */
    private static String theirs(String name, int levels) {
        String[] words = name.split("\\.");
        String rest = name.substring(name.indexOf('.') + 1);
        if (rest.startsWith("down_blocks.")) {
            rest = "down." + words[2] + "." + inBlock(words);
        } else if (rest.startsWith("up_blocks.")) {
            rest = "up." + (levels - 1 - Integer.parseInt(words[2])) + "." + inBlock(words);
        } else if (rest.startsWith("mid_block.resnets.")) {
            rest = "mid.block_" + (Integer.parseInt(words[3]) + 1) + "." + tail(words, 4);
        } else if (rest.startsWith("mid_block.attentions.0.")) {
            String layer =
                    switch (words[4]) {
                        case "group_norm" -> "norm";
                        case "to_out" -> "proj_out";
                        default -> words[4].replaceAll("to_|uery|ey|alue", "");
                    };
            rest = "mid.attn_1." + layer + "." + words[words.length - 1];
        } else if (rest.startsWith("conv_norm_out.")) {
            rest = "norm_out." + words[2];
        }
        return words[0].endsWith("coder") ? words[0] + "." + rest : name;
    }

    private static String inBlock(String[] words) {
        return switch (words[3]) {
            case "resnets" ->
                    "block."
                            + words[4]
                            + "."
                            + tail(words, 5).replace("conv_shortcut", "nin_shortcut");
            case "downsamplers" -> "downsample." + tail(words, 5);
            default -> "upsample." + tail(words, 5);
        };
    }

    private static String tail(String[] words, int from) {
        return String.join(".", Arrays.asList(words).subList(from, words.length));
    }

    private static HostTensor stored(String name, HostTensor tensor) {
        boolean attention = name.contains("attentions") && tensor.shape().rank() == 2;
        Shape shape =
                attention
                        ? Shape.of(tensor.shape().dim(0), tensor.shape().dim(1), 1, 1)
                        : tensor.shape();
        return new HostTensor(tensor.dtype(), shape, tensor.data());
    }
}
