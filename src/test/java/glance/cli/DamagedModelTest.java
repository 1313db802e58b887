package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import glance.cli.common.ExitCode;
import glance.cli.common.StopRequest;
import glance.fixtures.Fixture;
import glance.fixtures.TinyDit;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinyFlux2;
import glance.fixtures.TinyKrea2;
import glance.fixtures.TinyQwenImageEdit;
import glance.fixtures.TinySd3;
import glance.fixtures.TinyZImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Model folders of every family with something wrong, given to {@code generate}. */
class DamagedModelTest {
    private static final Map<String, String> PROMPTS =
            Map.of(
                    "flux", "a star", "sd3", "a star", "dit", "1", "flux2", "a star", "krea-2",
                    "a star", "z-image", "a star", "edit", "a star");

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private static Path whole;
    @TempDir private Path folder;

    @BeforeAll
    static void write() {
        TinyFlux.dev(whole.resolve("flux"));
        TinyFlux2.distilled(whole.resolve("flux2"));
        TinySd3.in(whole.resolve("sd3"));
        TinyDit.in(whole.resolve("dit"));
        TinyKrea2.turbo(whole.resolve("krea-2"));
        TinyQwenImageEdit.plus(whole.resolve("edit"));
        TinyZImage.turbo(whole.resolve("z-image"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "flux | transformer | _heads\": 2   | _heads\": 0   | num_attention_heads: must be 1 or more, got 0",
                "flux | transformer | _heads\": 2   | _heads\": \"2\" | num_attention_heads: expected a whole number",
                "flux | transformer | [4, 6, 6]     | [4, 6, 8]     | axes_dims_rope: must be even and add up to the size of a head, 16",
                "flux | transformer | [4, 6, 6]     | [5, 5, 6]     | axes_dims_rope: must be even",
                "flux | transformer | _layers\": 1  | _layers\": 2  | missing transformer_blocks.1.norm1.linear.weight",
                "flux2 | transformer | [4, 4, 4, 4] | [4, 6, 6]  | axes_dims_rope: must have 4 entries",
                "flux2 | transformer | channels\": 32 | channels\": 33 | timestep_guidance_channels: must be even",
                "flux2 | transformer | _dim\": 96    | _dim\": 64    | joint_attention_dim: expected 96, three times the width",
                "flux2 | transformer | _embeds\": false | _embeds\": true | missing time_guidance_embed.guidance_embedder.linear_1.weight",
                "flux2 | text_encoder | layers\": 27 | layers\": 26  | num_hidden_layers: must be 27 or more, got 26",
                "flux2 | vae         | nels\": 4     | nels\": 8     | in_channels: expected 32 to match",
                "flux2 | vae         | [2, 2]         | [1, 1]         | patch_size: value [1,1] is not supported",
                "flux2 | vae         | batch_norm_eps | batch_norm     | batch_norm_eps: is missing",
                "sd3  | transformer | rms_norm      | layer_norm    | qk_norm: value \"layer_norm\" is not supported",
                "sd3  | transformer | [0]           | [7]           | dual_attention_layers: expected 0 to 1, got 7",
                "sd3  | transformer | _dim\": 20    | _dim\": 24    | pooled_projection_dim: expected 20 as both CLIP encoders have it",
                "sd3  | transformer | attention_dim\": 32 | attention_dim\": 48 | joint_attention_dim: expected 32 as T5",
                "sd3  | transformer | size\": 2     | size\": 0     | patch_size: must be 1 or more",
                "sd3  | transformer | layers\": 2   | layers\": -1  | num_layers: must be 1 or more",
                "sd3  | text_encoder | WithProjection |             | the encoder has no projection",
                "sd3  | vae         | nels\": 4     | nels\": 8     | in_channels: expected 8 to match",
                "krea-2 | transformer | [4, 6, 6] | [4, 12]  | axes_dims_rope: must have 3 entries",
                "krea-2 | transformer | heads\": 2,  | heads\": 3, | num_key_value_heads: must divide the number of heads, 4, got 3",
                "krea-2 | transformer | text_layers\": 3 | text_layers\": 4 | text_encoder_select_layers: must be 4 numbers from 0 to 4",
                "krea-2 | transformer | _dim\": 32, \"num_text | _dim\": 48, \"num_text | text_hidden_dim: expected 32 as the text encoder has, got 48",
                "krea-2 | transformer | in_channels\": 16 | in_channels\": 24 | in_channels: expected 16 to match",
                "edit | text_encoder | num_heads\": 2   | num_heads\": 3 | num_heads: must divide hidden_size 16 into heads of a multiple of 4, got 3",
                "edit | text_encoder | window_size\": 112 | window_size\": 100 | window_size: must be a multiple of 28 pixels",
                "edit | text_encoder | out_hidden_size\": 32 | out_hidden_size\": 48 | out_hidden_size: must be the hidden_size of the text, 32, got 48",
                "edit | text_encoder | [2, 3, 3] | [4, 4] | mrope_section: must have 3 entries",
                "edit | text_encoder | vision_config | other_config | vision_config: missing",
                "edit | text_encoder | image_token_id\": 481 | image_token_id\": 512 | image_token_id: must be at most 511, got 512",
                "edit | text_encoder | image_token_id\": 481 | image_token_id\": 480 | image_token_id: must be what the tokenizer reads for <|image_pad|>, [481], got 480",
                "edit | text_encoder | in_chans\": 3 | in_chans\": 4 | vision_config.in_chans: must be 3, for red, green and blue, got 4",
                "edit | text_encoder | depth\": 2 | depth\": 3 | missing visual.blocks.2.norm1.weight",
                "z-image | transformer | [4, 6, 6] | [4, 6, 8]  | axes_dims: must be even and add up to the size of a head, 16",
                "z-image | transformer | heads\": 2, \"n_l | heads\": 1, \"n_l | n_kv_heads: value 1 is not supported",
                "z-image | transformer | feat_dim\": 32 | feat_dim\": 48 | cap_feat_dim: expected 32 as the text encoder has, got 48",
                "z-image | transformer | channels\": 4 | channels\": 8 | in_channels: expected 4 to match the autoencoder's latent_channels, got 8",
                "z-image | text_encoder | qwen3\" | llama\" | model_type: value \"llama\" is not supported",
                "dit  | transformer | size\": 8     | size\": 0     | sample_size: must be 1 or more",
                "dit  | transformer | out_channels\": 8 | out_channels\": 2 | out_channels: expected in_channels 4, or twice that",
                "dit  | transformer | norm\": 3     | norm\": 9     | class_embedder.embedding_table.weight: expected [10, 32]"
            })
    void wrongConfig_isRefusedByItsKey(
            String family, String component, String right, String wrong, String message)
            throws IOException {
        Path model = copy(family);
        Path config = model.resolve(component).resolve("config.json");
        String text = Files.readString(config);
        assertThat(text).contains(right);
        Files.writeString(config, text.replace(right, wrong == null ? "" : wrong));
        assertThat(refusal(model, PROMPTS.get(family))).contains(message);
    }

    @ParameterizedTest
    @CsvSource({
        "flux, text_encoder_2",
        "flux, vae",
        "flux, tokenizer",
        "flux2, text_encoder",
        "sd3, tokenizer_3",
        "krea-2, text_encoder",
        "z-image, vae",
        "dit, transformer"
    })
    void missingComponent_isNamed(String family, String component) throws IOException {
        Path model = copy(family);
        delete(model.resolve(component));
        assertThat(refusal(model, PROMPTS.get(family)))
                .contains(component + ": component folder is missing");
    }

    @Test
    void missingShard_isNamed() throws IOException {
        Path model = copy("flux");
        Path transformer = model.resolve("transformer");
        delete(transformer);
        copy(Fixture.folder("flux-transformer"), transformer);
        Files.copy(
                whole.resolve("flux/transformer/config.json"),
                transformer.resolve("config.json"),
                StandardCopyOption.REPLACE_EXISTING);
        String shard = "diffusion_pytorch_model-00003-of-00008.safetensors";
        Files.delete(transformer.resolve(shard));
        assertThat(refusal(model, "a star")).contains("shard " + shard + " is missing");
    }

    @ParameterizedTest
    @CsvSource({"0, must hold an unknown token", "5000, ends in the middle"})
    void damagedPieces_areRefused(int bytes, String message) throws IOException {
        Path model = copy("flux");
        Path tokenizer = model.resolve("tokenizer_2");
        delete(tokenizer);
        copy(Fixture.folder("t5-tokenizer"), tokenizer);
        Files.delete(tokenizer.resolve("tokenizer.json"));
        Path pieces = tokenizer.resolve("spiece.model");
        Files.write(pieces, Arrays.copyOf(Files.readAllBytes(pieces), bytes));
        assertThat(refusal(model, "a star")).contains("spiece.model: ", message);
    }

    @ParameterizedTest
    @CsvSource({"tokenizer.json, tokenizer", "vocab.json, clip"})
    void cutTokenizer_isRefused(String file, String kind) throws IOException {
        Path model = copy("flux");
        Path tokenizer = model.resolve("tokenizer");
        if (kind.equals("clip")) {
            delete(tokenizer);
            copy(Fixture.folder("clip-tokenizer"), tokenizer);
        }
        Path cut = tokenizer.resolve(file);
        Files.write(cut, Arrays.copyOf(Files.readAllBytes(cut), 200));
        assertThat(refusal(model, "a star")).contains(cut + ": is not ");
    }

    @ParameterizedTest
    @CsvSource({"3", "99999999999", "dog"})
    void unknownClass_isRefusedWithTheKnownOnes(String prompt) {
        assertThat(refusal(whole.resolve("dit"), prompt))
                .contains("class '" + prompt + "': this model draws 3 classes, by number (0 to 2)");
    }

    @Test
    void badRequests_areRefusedBeforeAnythingIsLoaded() {
        assertThat(refusal(whole.resolve("dit"), "")).contains("the prompt is empty");
        assertThat(refusal(whole.resolve("sd3"), "x", "--size", "18x16"))
                .contains("multiples of 4 for this model; 20 is the nearest to 18");
        assertThat(refusal(whole.resolve("sd3"), "x", "--size", "64x16"))
                .contains("size 64x16: this model draws at most 32 pixels along a side");
    }

    @Test
    void adapterOfAnotherFamily_isRefusedByWhatDoesNotFit() throws IOException {
        Path flux = TinyFlux.adapter(folder.resolve("flux.safetensors"));
        for (String family : List.of("sd3", "dit")) {
            assertThat(refusal(whole.resolve(family), "1", "--lora", flux.toString()))
                    .contains("flux.safetensors: ", "single_blocks.0.linear1");
        }
        Path large = Fixture.folder("flux-transformer").resolve("lora.safetensors");
        assertThat(refusal(whole.resolve("sd3"), "x", "--lora", large.toString()))
                .contains("but that of transformer_blocks.0.attn.to_k is [32, 32]");
    }

    private Path copy(String family) throws IOException {
        Path model = folder.resolve("model");
        copy(whole.resolve(family), model);
        return model;
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** The one line about the error, after which no picture is there. */
    private String refusal(Path model, String prompt, String... more) {
        Path picture = folder.resolve("picture.png");
        String[] fixed = {
            "generate", prompt, "--model", model.toString(), "--out", picture.toString()
        };
        String[] args = Arrays.copyOf(fixed, fixed.length + more.length);
        System.arraycopy(more, 0, args, fixed.length, more.length);
        err.reset();
        int exit =
                Engine.run(
                        new PrintStream(new ByteArrayOutputStream(), true),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        new StopRequest(),
                        args);
        assertThat(exit).isIn(ExitCode.FAILURE, ExitCode.WRONG_USE);
        assertThat(picture).doesNotExist();
        List<String> errors =
                err.toString(StandardCharsets.UTF_8)
                        .lines()
                        .filter(line -> line.startsWith("glance-engine: error: "))
                        .toList();
        assertThat(errors).hasSize(1);
        assertThat(errors.get(0)).doesNotContain("bug in the engine");
        return errors.get(0);
    }
}
