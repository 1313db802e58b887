package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.Glance;
import glance.Model;
import glance.api.FormatException;
import glance.api.ModelParts;
import glance.api.Plans;
import glance.api.Request;
import glance.api.RequestException;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinyFolder;
import glance.fixtures.TinyPublished;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.io.SafetensorsWriter;
import glance.io.Weights;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Models without a folder in diffusers layout draw the pictures of those with one. */
class ModelFilesTest {
    private static final Map<String, String> PREFIXES =
            Map.of(
                    "transformer", "model.diffusion_model.",
                    "vae", "first_stage_model.");

    @TempDir private static Path shared;
    @TempDir private Path folder;

    enum Kind {
        FLUX(TinyPublished::flux, "clip_l", "t5xxl"),
        FLUX2(TinyPublished::flux2, "qwen3_4b"),
        SD3(TinyPublished::sd3, "clip_l", "clip_g", "t5xxl"),
        DIT(TinyPublished::dit),
        QWEN(TinyPublished::qwen, "qwen25_7b"),
        KREA2(TinyPublished::krea2, "qwen3vl_4b"),
        Z_IMAGE(TinyPublished::zImage, "qwen3_4b");

        private final Function<Path, TinyFolder> maker;
        private final String[] encoders;
        private Path made;

        Kind(Function<Path, TinyFolder> maker, String... encoders) {
            this.maker = maker;
            this.encoders = encoders;
        }

        Path model() {
            if (made == null) {
                made = maker.apply(shared.resolve(name())).path();
            }
            return made;
        }

        private String prefix(String part) {
            int number = part.equals("text_encoder") ? 1 : part.charAt(part.length() - 1) - '0';
            return PREFIXES.containsKey(part)
                    ? PREFIXES.get(part)
                    : "text_encoders." + encoders[number - 1] + ".transformer.";
        }

        Path checkpoint(Path file, String... without) {
            Map<String, String> prefixes = new LinkedHashMap<>();
            for (String part : TinyPublished.parts(model())) {
                prefixes.put(part, prefix(part));
            }
            for (String part : without) {
                prefixes.remove(part);
            }
            return TinyPublished.checkpoint(model(), file, prefixes);
        }

        ModelParts tokenizers() {
            return this == DIT ? ModelParts.NONE : ModelParts.NONE.tokenizer(model());
        }

        ModelParts loose() {
            ModelParts parts = tokenizers();
            for (String part : TinyPublished.parts(model())) {
                parts = parts.with(part, TinyPublished.weights(model(), part));
            }
            return parts;
        }
    }

    @ParameterizedTest
    @EnumSource
    void checkpointOfAllParts_drawsThePictureOfTheFolder(Kind kind) {
        Path file = kind.checkpoint(folder.resolve("all.safetensors"));
        assertThat(picture(file, kind.tokenizers())).isEqualTo(picture(kind));
    }

    @ParameterizedTest
    @EnumSource
    void looseFiles_drawThePictureOfTheFolder(Kind kind) {
        ModelParts parts = kind.loose();
        assertThat(picture(parts.files().get("transformer"), parts)).isEqualTo(picture(kind));
    }

    @ParameterizedTest
    @EnumSource
    void comfyFolder_drawsThePictureOfTheFolder(Kind kind) throws IOException {
        Path comfy = comfy(kind);
        assertThat(picture(comfy, kind.tokenizers())).isEqualTo(picture(kind));
    }

    /** As the first publishers have them. */
    @ParameterizedTest
    @EnumSource
    void transformerInOriginalNames_drawsThePictureOfTheFolder(Kind kind) {
        ModelParts parts = kind.loose();
        Path file = folder.resolve("original.safetensors");
        try (Weights ours = Weights.open(parts.files().get("transformer"));
                Weights theirs =
                        Families.of(ModelFolder.open(kind.model()))
                                .originalNames()
                                .map(table -> table.original(ours))
                                .orElse(ours)) {
            Map<String, HostTensor> tensors = new LinkedHashMap<>();
            theirs.tensors()
                    .keySet()
                    .forEach(
                            name ->
                                    tensors.put(
                                            "model.diffusion_model." + name, theirs.tensor(name)));
            SafetensorsWriter.write(file, tensors, Map.of());
        }
        assertThat(picture(file, parts.transformer(file))).isEqualTo(picture(kind));
    }

    /** What the checkpoint lacks is given beside it. */
    @Test
    void checkpointWithoutT5_takesItFromAFile() {
        Path file = Kind.FLUX.checkpoint(folder.resolve("x.safetensors"), "text_encoder_2");
        ModelParts tokenizers = Kind.FLUX.tokenizers();
        assertThatThrownBy(() -> open(file, tokenizers))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("also needed: --text-encoder-2 FILE (T5 text encoder); or");
        Path t5 = TinyPublished.weights(Kind.FLUX.model(), "text_encoder_2");
        assertThat(picture(file, tokenizers.textEncoder(2, t5))).isEqualTo(picture(Kind.FLUX));
    }

    @Test
    void sd3WithoutT5_needsNeitherItNorItsTokenizer() {
        Path file = Kind.SD3.checkpoint(folder.resolve("x.safetensors"), "text_encoder_3");
        List<String> notes = new ArrayList<>();
        ModelFolder model = ModelFiles.open(file, Kind.SD3.tokenizers(), notes::add);
        assertThat(model.has("text_encoder_3")).isFalse();
        assertThat(notes).hasSize(1);
        assertThat(notes.get(0)).endsWith("; there is no T5 text encoder");
    }

    @Test
    void transformerAlone_namesAllThatIsNeeded() {
        Path transformer = TinyPublished.weights(Kind.FLUX.model(), "transformer");
        assertThatThrownBy(() -> open(transformer, ModelParts.NONE))
                .isInstanceOf(RequestException.class)
                .hasMessage(
                        transformer
                                + " holds FLUX.1 [dev], 1 + 1 blocks of width 128; also needed:"
                                + " --text-encoder FILE (CLIP text encoder),"
                                + " --text-encoder-2 FILE (T5 text encoder),"
                                + " --vae FILE (autoencoder (AutoencoderKL)),"
                                + " --tokenizer FOLDER (with tokenizer, tokenizer_2 in it);"
                                + " or give a folder of this model with --model");
    }

    @Test
    void tokenizersThatAreMissing_areNamed() throws IOException {
        ModelParts parts = new ModelParts(without(Kind.FLUX.loose().files(), "tokenizer"));
        Path transformer = parts.files().get("transformer");
        assertThatThrownBy(() -> open(transformer, parts))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining(
                        "needed: --tokenizer FOLDER (with tokenizer, tokenizer_2 in it)");
        Path first = Kind.FLUX.model().resolve("tokenizer");
        assertThatThrownBy(() -> open(transformer, parts.tokenizer(first)))
                .hasMessageContaining("needed: --tokenizer FOLDER (with tokenizer_2 in it)");
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertThatThrownBy(() -> open(transformer, parts.tokenizer(empty)))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("empty: holds no tokenizer");
    }

    @Test
    void severalFilesForAPart_areListed() throws IOException {
        Path comfy = comfy(Kind.FLUX);
        Path first = comfy.resolve("vae/vae.safetensors");
        Path second = Files.copy(first, comfy.resolve("vae/other.safetensors"));
        ModelParts tokenizers = Kind.FLUX.tokenizers();
        assertThatThrownBy(() -> open(comfy, tokenizers))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("--vae FILE (autoencoder (AutoencoderKL): one of " + second);
        assertThat(open(comfy, tokenizers.vae(first)).weightsPath("vae")).isEqualTo(first);
        Path unet = comfy.resolve("diffusion_models/transformer.safetensors");
        Files.copy(unet, comfy.resolve("diffusion_models/second.safetensors"));
        assertThatThrownBy(() -> open(comfy, tokenizers.vae(first)))
                .hasMessageContaining("several transformers; choose one with --transformer: ");
        assertThat(open(comfy, tokenizers.vae(first).transformer(unet)).parts().files())
                .containsKey("text_encoder_2");
    }

    /** Heads and groups of these are not the published ones. */
    @Test
    void partsInFolders_keepTheirConfigs() {
        Path model = TinyFlux.dev(folder.resolve("flux"));
        ModelParts parts = ModelParts.NONE.tokenizer(model);
        for (String part : TinyPublished.parts(model)) {
            parts = parts.with(part, model.resolve(part));
        }
        assertThat(picture(model.resolve("transformer"), parts))
                .isEqualTo(picture(model, ModelParts.NONE));
        Path vae = TinyPublished.weights(model, "vae");
        ModelParts loose = parts.vae(vae);
        assertThatThrownBy(() -> open(model.resolve("transformer"), loose))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("are no multiples of 32 groups; give the folder with its");
    }

    /** As in a folder of many models. */
    @Test
    void filesOfOtherModels_areNotTaken() throws IOException {
        Path comfy = comfy(Kind.FLUX);
        Path wide = TinyPublished.weights(Kind.SD3.model(), "text_encoder_2");
        Files.copy(wide, comfy.resolve("text_encoders/clip_g.safetensors"));
        Files.copy(
                TinyPublished.weights(Kind.DIT.model(), "vae"),
                comfy.resolve("vae/dit.safetensors"));
        Files.writeString(comfy.resolve("vae/broken.safetensors"), "no");
        assertThat(picture(comfy, Kind.FLUX.tokenizers())).isEqualTo(picture(Kind.FLUX));
    }

    @Test
    void fileOfAnotherPart_isRefusedByWhatItHolds() {
        Path clip = TinyPublished.weights(Kind.FLUX.model(), "text_encoder");
        assertThatThrownBy(() -> open(Kind.FLUX.model(), ModelParts.NONE.vae(clip)))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining(
                        "holds CLIP text encoder, 2 layers of width 64; --vae needs a");
        assertThatThrownBy(() -> open(clip, ModelParts.NONE))
                .hasMessageContaining(
                        "holds no transformer, but CLIP text encoder, 2 layers of width 64");
    }

    /** What a single file is says more than that it is one. */
    @Test
    void fileThatIsNoModel_isRefusedByWhatItHolds() {
        HostTensor tensor = HostFloats.tensor(DType.F32, Shape.of(1), 1);
        Path unet = folder.resolve("unet.safetensors");
        SafetensorsWriter.write(unet, Map.of("input_blocks.0.x.bias", tensor), Map.of());
        assertThatThrownBy(() -> open(unet, ModelParts.NONE))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("unet.safetensors: holds a UNet");
        Path other = folder.resolve("other.safetensors");
        SafetensorsWriter.write(other, Map.of("a", tensor), Map.of());
        assertThatThrownBy(() -> open(other, ModelParts.NONE))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("other.safetensors: holds no transformer; give a");
    }

    private Path comfy(Kind kind) throws IOException {
        Path comfy = folder.resolve("comfy");
        for (String part : TinyPublished.parts(kind.model())) {
            String home = part.equals("transformer") ? "diffusion_models" : "text_encoders";
            Path into = comfy.resolve(part.equals("vae") ? "vae" : home);
            Files.createDirectories(into);
            Files.copy(
                    TinyPublished.weights(kind.model(), part), into.resolve(part + ".safetensors"));
        }
        return comfy;
    }

    private static Map<String, Path> without(Map<String, Path> files, String name) {
        Map<String, Path> rest = new LinkedHashMap<>(files);
        rest.remove(name);
        return rest;
    }

    private static ModelFolder open(Path path, ModelParts parts) {
        return ModelFiles.open(path, parts, note -> {});
    }

    private static int[] picture(Kind kind) {
        return picture(kind.model(), ModelParts.NONE);
    }

    private static int[] picture(Path path, ModelParts parts) {
        try (Glance glance = Glance.open("cpu");
                Model model = glance.load(path, parts)) {
            Request request =
                    Request.of(model.family().equals("dit") ? "3" : "a red circle")
                            .seed(5)
                            .plan(Plans.uniform(2))
                            .size(new Request.Size(32, 32));
            BufferedImage picture = model.draw(request).get(0).image();
            return picture.getRGB(0, 0, 32, 32, null, 0, 32);
        }
    }
}
