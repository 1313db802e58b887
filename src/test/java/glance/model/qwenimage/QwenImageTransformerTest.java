package glance.model.qwenimage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.fixtures.Fixture;
import glance.io.Config;
import glance.io.Weights;
import glance.model.Canvas;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.model.transformer.Modulation;
import glance.op.Rope;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.BiConsumer;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the recorded case does not show; that one runs in ChecksTest. */
class QwenImageTransformerTest {
    private static final Path CASE = Fixture.folder("qwenimage-transformer");

    private static final Canvas CANVAS = new Canvas(new TokenGrid(3, 5));

    @TempDir Path folder;

    private static void withTransformer(BiConsumer<Ops, QwenImageTransformer> body) {
        QwenImageConfig config = QwenImageConfig.of(Config.read(CASE.resolve("config.json")));
        Fixture.onCpu(
                ops -> {
                    try (Weights weights = Weights.open(CASE);
                            QwenImageTransformer transformer =
                                    new QwenImageTransformer(ops, config, weights)) {
                        body.accept(ops, transformer);
                    }
                });
    }

    private static Tensor velocity(
            QwenImageTransformer transformer,
            Ops ops,
            Tensor latents,
            TextBatch text,
            Modulation step,
            Rope positions) {
        return transformer.velocity(
                ops, latents, Optional.empty(), text, step, List.of(), positions);
    }

    private static float[] noise(int seed, int count) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    @Test
    void velocity_paddedPromptInABatch_equalsItAlone() {
        withTransformer(
                (ops, transformer) -> {
                    Tensor latents = ops.host().floats(Shape.of(1, 15, 16), noise(1, 15 * 16));
                    Tensor longText = ops.host().floats(Shape.of(1, 9, 48), noise(2, 9 * 48));
                    Tensor shortText = longText.narrow(1, 0, 4);
                    Modulation step = transformer.modulation(ops, 0.7f);
                    TextBatch alone =
                            new TextBatch(ops.pack(shortText), ops.host().ints(Shape.of(1), 4));
                    Tensor want =
                            velocity(
                                    transformer,
                                    ops,
                                    latents,
                                    alone,
                                    step,
                                    transformer.positions(ops, 4, CANVAS));
                    TextBatch both =
                            new TextBatch(
                                    ops.concat(0, List.of(longText, longText)),
                                    ops.host().ints(Shape.of(2), 9, 4));
                    Tensor twice = ops.concat(0, List.of(latents, latents));
                    Tensor got =
                            velocity(
                                    transformer,
                                    ops,
                                    twice,
                                    both,
                                    step,
                                    transformer.positions(ops, 9, CANVAS));
                    assertClose(ops, ops.pack(got.narrow(0, 1, 1)), want);
                });
    }

    @Test
    void modulation_ofAWholePlan_equalsStepByStep() {
        withTransformer(
                (ops, transformer) -> {
                    Modulation all = transformer.modulation(ops, 1, 0.5f, 0.02f);
                    Modulation one = transformer.modulation(ops, 0.5f);
                    for (int i = 0; i < all.tensors().size(); i++) {
                        Tensor row = ops.pack(all.rows(1, 1).tensors().get(i));
                        assertThat(ops.host().floats(row))
                                .isEqualTo(ops.host().floats(one.tensors().get(i)));
                    }
                });
    }

    @Test
    void velocity_wrongNumberOfTokens_isRefused() {
        withTransformer(
                (ops, transformer) -> {
                    TextBatch text =
                            new TextBatch(
                                    ops.host().floats(Shape.of(1, 2, 48), noise(3, 96)),
                                    ops.host().ints(Shape.of(1), 2));
                    Tensor latents = ops.host().floats(Shape.of(1, 6, 16), noise(1, 96));
                    Modulation step = transformer.modulation(ops, 1);
                    Rope positions = transformer.positions(ops, 2, CANVAS);
                    assertThatThrownBy(
                                    () ->
                                            velocity(
                                                    transformer,
                                                    ops,
                                                    latents,
                                                    text,
                                                    step,
                                                    positions))
                            .isInstanceOf(IllegalArgumentException.class)
                            .hasMessageContaining("15 tokens");
                });
    }

    @Test
    void config_unsupportedVariant_isRefusedByName() throws IOException {
        String text =
                Files.readString(CASE.resolve("config.json"))
                        .replace("\"use_layer3d_rope\": false", "\"use_layer3d_rope\": true");
        Path file = Files.writeString(folder.resolve("config.json"), text);
        assertThatThrownBy(() -> QwenImageConfig.of(Config.read(file)))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("use_layer3d_rope");
    }

    private static void assertClose(Ops ops, Tensor got, Tensor want) {
        FloatBuffer g = ops.host().floats(got);
        FloatBuffer w = ops.host().floats(want);
        assertThat(g.remaining()).isEqualTo(w.remaining());
        for (int i = 0; i < w.remaining(); i++) {
            assertThat(g.get(i)).isCloseTo(w.get(i), Offset.offset(2e-5f));
        }
    }
}
