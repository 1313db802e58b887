package glance.train;

import static org.assertj.core.api.Assertions.assertThat;

import glance.fixtures.Fixture;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.io.SafetensorsFile;
import glance.io.SafetensorsWriter;
import glance.model.Family;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.pipeline.Families;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EncodingsTest {
    private static final Map<String, String> CAPTION = Map.of("caption of a.png", "a red circle");

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

    private final List<String> warnings = new ArrayList<>();
    private int maxTokens;

    private interface Body {
        void run(Ops ops, Encodings encodings);
    }

    private void onCpu(Path model, Body body) {
        ModelFolder opened = ModelFolder.open(model);
        Family family = Families.of(opened);
        Fixture.onCpu(
                ops -> {
                    try (Scope scope = ops.scope();
                            Encodings encodings =
                                    new Encodings(
                                            ops,
                                            family,
                                            opened,
                                            maxTokens,
                                            cache(),
                                            warnings::add)) {
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
        assertThat(computed(Fixture.tinyModel(), e -> e.text(Map.of("caption", "a red circle "))))
                .isOne();
        Map<String, String> two = new LinkedHashMap<>();
        two.put("caption of a.png", "a red circle");
        two.put("negative prompt", " ");
        assertThat(computed(Fixture.tinyModel(), e -> e.text(two))).isOne();
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
    void anotherIndex_makesAnotherModel() throws IOException {
        Path model = folder.resolve("model");
        copy(Fixture.tinyModel(), model);
        computed(model, encodings -> encodings.text(CAPTION));
        Path index = model.resolve("model_index.json");
        Files.writeString(index, Files.readString(index).replaceFirst("\\{", "{\"x\": 1,"));
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

    @Test
    void changedCache_isComputedAgain() throws IOException {
        Consumer<Encodings> both =
                encodings -> {
                    encodings.text(CAPTION);
                    encodings.latents(picture(1));
                };
        computed(Fixture.tinyModel(), both);
        for (UnaryOperator<HostTensor> change : CHANGES) {
            for (Path file : kept()) {
                rewrite(file, change);
            }
            assertThat(computed(Fixture.tinyModel(), both)).isEqualTo(2);
            assertThat(computed(Fixture.tinyModel(), both)).isZero();
        }
        Path[] files = kept().toArray(Path[]::new);
        assertThat(files).hasSize(2);
        Files.copy(files[0], files[1], StandardCopyOption.REPLACE_EXISTING);
        assertThat(computed(Fixture.tinyModel(), both)).isOne();
    }

    /** Another shape, twice the batch, another dtype, one bit, NaN: all of them whole files. */
    private static final List<UnaryOperator<HostTensor>> CHANGES =
            List.of(
                    t -> new HostTensor(t.dtype(), Shape.of((int) t.shape().numel()), t.data()),
                    t -> {
                        ByteBuffer twice = ByteBuffer.allocate(2 * t.data().remaining());
                        twice.put(t.data().duplicate()).put(t.data().duplicate()).flip();
                        return new HostTensor(
                                t.dtype(), t.shape().with(0, 2 * t.shape().dim(0)), twice);
                    },
                    t ->
                            new HostTensor(
                                    t.dtype() == DType.F32 ? DType.I32 : DType.F32,
                                    t.shape(),
                                    t.data()),
                    t -> withFirstBytes(t, t.data().get(0) ^ 1, t.data().get(3)),
                    t -> withFirstBytes(t, t.data().get(0), 0x7f));

    private static HostTensor withFirstBytes(HostTensor tensor, int first, int fourth) {
        ByteBuffer bytes = ByteBuffer.allocate(tensor.data().remaining());
        bytes.put(tensor.data().duplicate()).put(0, (byte) first).put(3, (byte) fourth);
        return new HostTensor(tensor.dtype(), tensor.shape(), bytes.flip());
    }

    private List<Path> kept() throws IOException {
        try (Stream<Path> files = Files.list(cache())) {
            return files.sorted().toList();
        }
    }

    private static void rewrite(Path file, UnaryOperator<HostTensor> change) {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        Map<String, String> metadata;
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            opened.hostTensors().forEach((name, tensor) -> tensors.put(name, change.apply(tensor)));
            metadata = opened.metadata();
        }
        SafetensorsWriter.write(file, tensors, metadata);
    }

    @Test
    void longCaption_isWarnedOfOnce_andAlsoWhenItsEncodingWasKept() {
        Map<String, String> caption = Map.of("caption of a.png", "star ".repeat(600) + "end");
        computed(
                Fixture.tinyModel(),
                encodings -> {
                    encodings.text(caption);
                    encodings.text(caption);
                });
        assertThat(warnings).hasSize(1);
        assertThat(warnings.get(0))
                .startsWith(
                        "caption of a.png: Qwen2.5-VL reads 512 tokens and does not see the last ")
                .contains("star star end'")
                .contains("--max-prompt-tokens ");
        computed(Fixture.tinyModel(), encodings -> encodings.text(caption));
        assertThat(warnings).hasSize(2).element(1).isEqualTo(warnings.get(0));
    }

    @Test
    void anotherPromptLength_isComputed() {
        computed(Fixture.tinyModel(), encodings -> encodings.text(CAPTION));
        maxTokens = 600;
        assertThat(computed(Fixture.tinyModel(), encodings -> encodings.text(CAPTION))).isOne();
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }
}
