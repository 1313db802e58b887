package glance.train;

import static org.assertj.core.api.Assertions.assertThat;

import glance.fixtures.Fixture;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.pipeline.Families;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EncodingsTest {
    private static final List<String> CAPTION = List.of("a red circle");

    @TempDir private Path folder;

    /** Runs a body on encodings that share a cache, and tells what had to be computed. */
    private int computed(Path model, Consumer<Encodings> body) {
        int[] computed = {0};
        onCpu(
                model,
                (ops, encodings) -> {
                    body.accept(encodings);
                    computed[0] = encodings.computed();
                });
        return computed[0];
    }

    private interface Body {
        void run(Ops ops, Encodings encodings);
    }

    private void onCpu(Path model, Body body) {
        ModelFolder opened = ModelFolder.open(model);
        Family family = Families.of(opened);
        Fixture.onCpu(
                ops -> {
                    try (Scope scope = ops.scope();
                            Encodings encodings = new Encodings(ops, family, opened, cache())) {
                        body.run(ops, encodings);
                    }
                });
    }

    private Path cache() {
        try {
            return Files.createDirectories(folder.resolve("cache"));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static BufferedImage picture(int rgb) {
        BufferedImage image = new BufferedImage(16, 8, BufferedImage.TYPE_INT_RGB);
        image.setRGB(3, 4, rgb);
        return image;
    }

    @Test
    void knownTextsAndPictures_areNotComputedAgain() {
        Consumer<Encodings> both =
                encodings -> {
                    encodings.text(CAPTION);
                    encodings.latents(picture(1));
                };
        assertThat(computed(Fixture.tinyModel(), both)).isEqualTo(2);
        assertThat(computed(Fixture.tinyModel(), both)).isZero();
    }

    @Test
    void keptResults_equalComputedOnes() {
        FloatBuffer[] texts = new FloatBuffer[2];
        FloatBuffer[] latents = new FloatBuffer[2];
        for (int i = 0; i < 2; i++) {
            int run = i;
            onCpu(
                    Fixture.tinyModel(),
                    (ops, encodings) -> {
                        TextBatch text = encodings.text(CAPTION);
                        assertThat(text.pooled()).isNull();
                        texts[run] = ops.host().floats(text.embeddings());
                        latents[run] = ops.host().floats(encodings.latents(picture(7)));
                    });
        }
        assertThat(texts[1]).isEqualTo(texts[0]);
        assertThat(latents[1]).isEqualTo(latents[0]);
        assertThat(latents[0].remaining()).isEqualTo(2 * 64);
    }

    @Test
    void anotherTextOrPicture_isComputed() {
        computed(Fixture.tinyModel(), encodings -> encodings.text(CAPTION));
        computed(Fixture.tinyModel(), encodings -> encodings.latents(picture(1)));
        assertThat(computed(Fixture.tinyModel(), e -> e.text(List.of("a red circle ")))).isOne();
        assertThat(computed(Fixture.tinyModel(), e -> e.text(List.of("a red circle", " "))))
                .isOne();
        assertThat(computed(Fixture.tinyModel(), e -> e.latents(picture(2)))).isOne();
    }

    @Test
    void anotherModel_isComputed() throws IOException {
        Path model = folder.resolve("model");
        copy(Fixture.tinyModel(), model);
        computed(model, encodings -> encodings.text(CAPTION));
        assertThat(computed(model, encodings -> encodings.text(CAPTION))).isZero();
        Path weights = model.resolve("text_encoder/model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        assertThat(computed(model, encodings -> encodings.text(CAPTION))).isOne();
    }

    @Test
    void expertsOfAModel_makeNoOtherModel() throws IOException {
        Path model = folder.resolve("model");
        copy(Fixture.tinyModel(), model);
        computed(model, encodings -> encodings.text(CAPTION));
        Files.createDirectories(model.resolve("experts"));
        Files.writeString(model.resolve("experts/note.txt"), "x");
        assertThat(computed(model, encodings -> encodings.text(CAPTION))).isZero();
    }

    @Test
    void damagedCache_isComputedAgain() throws IOException {
        computed(Fixture.tinyModel(), encodings -> encodings.text(CAPTION));
        try (Stream<Path> files = Files.list(cache())) {
            for (Path file : files.toList()) {
                Files.write(file, new byte[] {1, 2, 3});
            }
        }
        assertThat(computed(Fixture.tinyModel(), e -> e.text(CAPTION))).isOne();
        assertThat(computed(Fixture.tinyModel(), e -> e.text(CAPTION))).isZero();
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }
}
