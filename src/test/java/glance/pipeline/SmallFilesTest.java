package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.ModelParts;
import glance.fixtures.Fixture;
import glance.fixtures.GgufTwin;
import glance.fixtures.Runs;
import glance.fixtures.ScaledTwin;
import glance.fixtures.TinyFolder;
import glance.fixtures.TinyPublished;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.io.NameTable;
import glance.io.SafetensorsWriter;
import glance.io.TensorInfo;
import glance.io.Weights;
import glance.model.Family;
import glance.model.text.TextEncoderKind;
import glance.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Parts of 8 bits in the names and under the file names in which people publish them: their values,
 * read in the engine's names, and their pictures are those of the same numbers in F32.
 */
class SmallFilesTest {
    /** A level of 256; sums with a scale behind them are rounded in another place. */
    private static final double ONE_LEVEL = 1.0 / 255;

    @TempDir private static Path shared;
    @TempDir private Path folder;

    enum Published {
        KLEIN(TinyPublished::flux2, "flux-2-klein-4b"),
        KONTEXT(TinyPublished::flux, "flux1-kontext-dev"),
        Z_IMAGE(TinyPublished::zImage, "z_image_turbo"),
        KREA2(TinyPublished::krea2, "krea2_turbo");

        private final Function<Path, TinyFolder> maker;
        private final String file;
        private Path made;

        Published(Function<Path, TinyFolder> maker, String file) {
            this.maker = maker;
            this.file = file;
        }

        ModelFolder model() {
            if (made == null) {
                made = maker.apply(shared.resolve(name())).path();
            }
            return ModelFolder.open(made);
        }

        Family family() {
            return Families.of(model());
        }

        /** The transformer in the names of its publishers. */
        Path original() {
            Path original = shared.resolve(file + ".safetensors");
            Map<String, HostTensor> tensors = new LinkedHashMap<>();
            try (Weights ours = model().weights("transformer")) {
                Weights theirs = family().originalNames().orElseThrow().original(ours);
                assertThat(family().originalNames().orElseThrow().isIn(theirs)).isTrue();
                theirs.tensors().keySet().forEach(name -> tensors.put(name, theirs.tensor(name)));
                SafetensorsWriter.write(original, tensors, Map.of());
            }
            return original;
        }
    }

    @ParameterizedTest
    @EnumSource
    void gguf_isTheSameNumbers(Published published) throws IOException {
        GgufTwin twin = GgufTwin.of(published.original(), folder);
        requireAlike(
                published,
                named(twin.gguf(), published, "-Q8_0.gguf"),
                twin(twin.twin(), published),
                0);
    }

    /** Without scales, as {@code fp8_e4m3fn} says. */
    @ParameterizedTest
    @EnumSource
    void fp8_isTheSameNumbers(Published published) throws IOException {
        Map<String, HostTensor> small = new LinkedHashMap<>();
        Map<String, HostTensor> twin = new LinkedHashMap<>();
        try (Weights weights = Weights.open(published.original())) {
            for (TensorInfo info : weights.tensors().values()) {
                float[] values = HostFloats.read(weights.tensor(info.name()));
                DType dtype = info.shape().rank() == 2 ? DType.F8_E4M3 : DType.BF16;
                HostTensor stored = HostFloats.tensor(dtype, info.shape(), values);
                small.put(info.name(), stored);
                twin.put(
                        info.name(),
                        HostFloats.tensor(DType.F32, info.shape(), HostFloats.read(stored)));
            }
            SafetensorsWriter.write(folder.resolve("small.safetensors"), small, Map.of());
            SafetensorsWriter.write(folder.resolve("twin.safetensors"), twin, Map.of());
        }
        Path file =
                named(folder.resolve("small.safetensors"), published, "_fp8_e4m3fn.safetensors");
        requireAlike(published, file, twin(folder.resolve("twin.safetensors"), published), 0);
    }

    /** With a scale for each matrix, or each of its rows. */
    @ParameterizedTest
    @EnumSource
    void scaledFp8_isTheSameNumbers(Published published) throws IOException {
        for (ScaledTwin.Kind kind : List.of(ScaledTwin.Kind.FP8, ScaledTwin.Kind.FP8_ROWS)) {
            ScaledTwin twin = ScaledTwin.of(published.original(), kind, name -> true, folder);
            Path file = named(twin.scaled(), published, "_" + kind + "_scaled.safetensors");
            requireAlike(published, file, twin(twin.twin(), published), ONE_LEVEL);
        }
    }

    /** The text encoder of Z-Image and FLUX.2 [klein], in the names of llama.cpp. */
    @Test
    void qwen3InGguf_isTheSameNumbers() {
        NameTable names = TextEncoderKind.QWEN3.namesInGguf().orElseThrow();
        Path file = folder.resolve("Qwen3-4B.safetensors");
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        try (Weights ours = Published.Z_IMAGE.model().weights("text_encoder")) {
            Weights theirs = names.original(ours);
            theirs.tensors().keySet().forEach(name -> tensors.put(name, theirs.tensor(name)));
            SafetensorsWriter.write(file, tensors, Map.of());
        }
        GgufTwin twin = GgufTwin.of(file, folder);
        requireSame(names, twin.gguf(), twin.twin());
        assertThat(encoder(twin.gguf()))
                .isEqualTo(encoder(twin.twin()))
                .isNotEqualTo(encoder(file));
    }

    /** The same in the names of transformers, as ComfyUI has it. */
    @Test
    void qwen3InScaledFp8_isTheSameNumbers() {
        Path home = Published.Z_IMAGE.model().component("text_encoder");
        Path file = home.resolve("model.safetensors");
        ScaledTwin twin =
                ScaledTwin.of(
                        file, ScaledTwin.Kind.FP8, name -> !name.contains("embed_tokens"), folder);
        int[] picture = encoder(twin.scaled());
        assertThat(picture).isNotEqualTo(encoder(file));
        assertThat(Runs.meanDifference(picture, encoder(twin.twin())))
                .isLessThanOrEqualTo(ONE_LEVEL);
    }

    private static int[] encoder(Path file) {
        return picture(Published.Z_IMAGE, ModelParts.NONE.with("text_encoder", file));
    }

    private Path named(Path file, Published published, String end) throws IOException {
        return Files.move(file, folder.resolve(published.file + end));
    }

    /** Its name, too, says which model it is. */
    private Path twin(Path file, Published published) throws IOException {
        return named(file, published, file.getFileName().toString());
    }

    private static void requireAlike(Published published, Path file, Path twin, double difference) {
        try (Weights stored = Weights.open(file)) {
            assertThat(Families.recognise(stored).orElseThrow().family())
                    .isSameAs(published.family());
        }
        requireSame(published.family().originalNames().orElseThrow(), file, twin);
        int[] picture = picture(published, file);
        assertThat(picture).isNotEqualTo(picture(published, published.original()));
        assertThat(Runs.meanDifference(picture, picture(published, twin)))
                .isLessThanOrEqualTo(difference);
    }

    private static void requireSame(NameTable names, Path file, Path twin) {
        try (Weights stored = Weights.open(file);
                Weights plain = Weights.open(twin)) {
            Weights ours = names.view(stored);
            Weights same = names.view(plain);
            for (String name : same.tensors().keySet()) {
                HostTensor values = ours.scaling(name).values(ours.tensor(name));
                assertThat(Arrays.compare(unsigned(values), unsigned(same.tensor(name))))
                        .describedAs(name)
                        .isZero();
            }
        }
    }

    /** Values of a tensor; the twin has no negative zeros. */
    private static float[] unsigned(HostTensor tensor) {
        float[] values = HostFloats.read(tensor);
        for (int i = 0; i < values.length; i++) {
            values[i] += 0f;
        }
        return values;
    }

    private static int[] picture(Published published, Path transformer) {
        return picture(published, ModelParts.NONE.transformer(transformer));
    }

    private static int[] picture(Published published, ModelParts parts) {
        ModelFolder folder = published.model();
        ModelFolder model = ModelFiles.with(folder, parts, note -> {});
        Settings request =
                Runs.request(folder.path(), "a red circle", "uniform-2", 32, 1, List.of());
        List<int[]> result = new ArrayList<>();
        Fixture.onCpu(
                ops ->
                        result.add(
                                Runs.run(ops, model, request, new RunListener() {})
                                        .get(0)
                                        .picture()
                                        .getRGB(0, 0, 32, 32, null, 0, 32)));
        return result.get(0);
    }
}
