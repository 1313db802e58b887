package glance.model.autoencoderqwen;

import static org.assertj.core.api.Assertions.assertThat;

import glance.fixtures.Fixture;
import glance.fixtures.NameTwin;
import glance.io.HostTensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WanNamesTest {
    private static final Path CASE = Fixture.folder("autoencoder-kl-qwenimage");

    /** Residual blocks of a block of the case's decoder, and its upsampler. */
    private static final int STAGES = 2 + 1;

    @TempDir private Path folder;

    private static Map<String, HostTensor> theirs(Map<String, HostTensor> ours) {
        Map<String, HostTensor> theirs = new LinkedHashMap<>();
        ours.forEach((name, tensor) -> theirs.put(theirs(name), tensor));
        assertThat(theirs).hasSameSizeAs(ours);
        return theirs;
    }

    /** As the published files have it, by hand. */
    private static String theirs(String ours) {
        String[] words = ours.split("\\.");
        if (words[0].equals("quant_conv")) {
            return "conv1." + words[1];
        }
        if (words[0].equals("post_quant_conv")) {
            return "conv2." + words[1];
        }
        String end = ours.substring(ours.indexOf('.') + 1);
        String place =
                switch (words[1]) {
                    case "conv_in" -> "conv1." + words[2];
                    case "norm_out" -> "head.0." + words[2];
                    case "conv_out" -> "head.2." + words[2];
                    case "mid_block" ->
                            words[2].equals("attentions")
                                    ? end.replace("mid_block.attentions.0", "middle.1")
                                    : end.replace("mid_block.resnets.0", "middle.0")
                                            .replace("mid_block.resnets.1", "middle.2");
                    case "down_blocks" -> end.replace("down_blocks", "downsamples");
                    default -> {
                        int stage = Integer.parseInt(words[2]) * STAGES;
                        boolean up = words[3].equals("upsamplers");
                        stage += up ? STAGES - 1 : Integer.parseInt(words[4]);
                        yield end.replaceFirst(
                                "up_blocks.\\d+.(resnets|upsamplers).\\d+", "upsamples." + stage);
                    }
                };
        return words[0]
                + "."
                + (place.contains("middle.1.")
                        ? place
                        : place.replace(".norm1.", ".residual.0.")
                                .replaceAll("(samples|middle)(.\\d+).conv1.", "$1$2.residual.2.")
                                .replace(".norm2.", ".residual.3.")
                                .replace(".conv2.", ".residual.6.")
                                .replace("conv_shortcut", "shortcut"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "vae."})
    void renamedAutoencoder_equalsItsReference(String prefix) {
        Map<String, HostTensor> theirs = theirs(Fixture.tensors(CASE));
        assertThat(theirs)
                .containsKeys(
                        "encoder.conv1.weight",
                        "encoder.downsamples.2.shortcut.weight",
                        "encoder.downsamples.3.time_conv.weight",
                        "encoder.middle.1.to_qkv.bias",
                        "decoder.upsamples.2.resample.1.weight",
                        "decoder.upsamples.3.residual.0.gamma",
                        "decoder.upsamples.7.residual.6.weight",
                        "decoder.head.0.gamma",
                        "conv2.bias");
        NameTwin.passes(CASE, NameTwin.prefixed(prefix, theirs), folder);
    }

    @Test
    void table_isTheSameBothWays() {
        Map<String, HostTensor> ours = Fixture.tensors(CASE);
        NameTwin.sameBothWays(WanNames.TABLE, ours, theirs(ours), folder);
    }
}
