package glance.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import glance.fixtures.Fixture;
import glance.io.Config;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.io.Weights;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Forms in which CLIP text encoders are published, beside that of the recorded case. */
class ClipTextEncoderTest {
    private static final Path CASE = Fixture.folder("clip-text");
    private static final List<int[]> IDS = List.of(new int[] {97, 5, 17, 98, 98, 98});
    private static final int PROJECTED = 3;

    @TempDir private Path folder;

    @Test
    void encode_textModelPrefix_givesTheSame() {
        Path prefixed =
                Fixture.renamed(
                        CASE.resolve("model.safetensors"),
                        folder.resolve("model.safetensors"),
                        name -> "text_model." + name);
        Fixture.onCpu(
                ops ->
                        assertThat(encode(ops, CASE, prefixed, ClipTextOutput::last))
                                .isEqualTo(encode(ops, CASE, CASE, ClipTextOutput::last)));
    }

    @Test
    void encode_withProjection_projectsThePooledRow() throws IOException {
        Map<String, HostTensor> tensors = Fixture.tensors(CASE);
        Config config = Config.read(CASE.resolve("config.json"));
        int dim = config.integer("hidden_size");
        float[] matrix = new float[PROJECTED * dim];
        Random random = new Random(3);
        for (int i = 0; i < matrix.length; i++) {
            matrix[i] = (float) random.nextGaussian();
        }
        tensors.put(
                "text_projection.weight",
                HostFloats.tensor(DType.F32, Shape.of(PROJECTED, dim), matrix));
        Path weights = folder.resolve("model.safetensors");
        SafetensorsWriter.write(weights, tensors, Map.of());
        Files.writeString(
                folder.resolve("config.json"),
                Files.readString(CASE.resolve("config.json"))
                        .replace("\"CLIPTextModel\"", "\"CLIPTextModelWithProjection\"")
                        .replaceAll(
                                "\"projection_dim\": \\d+", "\"projection_dim\": " + PROJECTED));
        Fixture.onCpu(
                ops -> {
                    float[] pooled = encode(ops, CASE, CASE, ClipTextOutput::pooled);
                    float[] projected = encode(ops, folder, weights, ClipTextOutput::projected);
                    assertThat(projected).hasSize(PROJECTED);
                    for (int row = 0; row < PROJECTED; row++) {
                        double sum = 0;
                        for (int i = 0; i < dim; i++) {
                            sum += (double) matrix[row * dim + i] * pooled[i];
                        }
                        assertThat((double) projected[row]).isCloseTo(sum, within(1e-4));
                    }
                });
    }

    /** Old configs say 2 where the tokenizer's end token is the last of the vocabulary. */
    @Test
    void endPosition_isThatOfTheEndTokenAlsoUnderTheLegacyId() {
        int[] ids = {97, 5, 17, 98, 98, 2};
        assertThat(ClipTextEncoder.endPosition(ids, 98)).isEqualTo(3);
        assertThat(ClipTextEncoder.endPosition(ids, 2)).isEqualTo(3);
        assertThat(ClipTextEncoder.endPosition(ids, 50)).isZero();
    }

    private static float[] encode(
            Ops ops, Path config, Path checkpoint, Function<ClipTextOutput, Tensor> part) {
        ClipTextConfig read = ClipTextConfig.of(Config.read(config.resolve("config.json")));
        try (Weights weights = Weights.open(checkpoint);
                ClipTextEncoder encoder = new ClipTextEncoder(ops, read, weights)) {
            Tensor values = part.apply(encoder.encode(ops, IDS));
            float[] result = new float[Math.toIntExact(values.numel())];
            ops.host().floats(values).get(result);
            return result;
        }
    }
}
