package glance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.Conversion;
import glance.api.FormatException;
import glance.api.RequestException;
import glance.api.adapter.Output;
import glance.api.adapter.Watch;
import glance.fixtures.PlainGguf;
import glance.fixtures.ScaledTwin;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinyPublished;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.io.Weights;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Conversion of parts beside the transformer, and of sources in forms of others. */
class ConvertedPartsTest {
    private static final int Q8_0 = 8;

    @TempDir private static Path models;
    private static Path flux;

    @TempDir private Path folder;

    @BeforeAll
    static void write() {
        flux = TinyFlux.dev(models.resolve("flux"));
    }

    private Path at(String name) {
        return folder.resolve(name);
    }

    private static void convert(Conversion source, Path target, String type) {
        new ModelTools().convert(source, Output.to(target).dtype(type));
    }

    private static Map<String, float[]> values(Path file) {
        Map<String, float[]> values = new HashMap<>();
        try (Weights weights = Weights.open(file).expanded()) {
            for (String name : weights.tensors().keySet()) {
                values.put(name, HostFloats.read(weights.tensor(name)));
            }
        }
        return values;
    }

    private static void requireSame(Map<String, float[]> got, Map<String, float[]> wanted) {
        assertThat(got.keySet()).isEqualTo(wanted.keySet());
        wanted.forEach((name, numbers) -> assertThat(got.get(name)).as(name).isEqualTo(numbers));
    }

    @Test
    void autoencoder_inAFile_hasTheNamesOfLatentDiffusion_andComesBack() {
        convert(Conversion.of(flux).part("vae"), at("ae.safetensors"), "f32");
        try (Weights file = Weights.open(at("ae.safetensors"))) {
            Shape attention = file.tensors().get("decoder.mid.attn_1.q.weight").shape();
            assertThat(attention.rank()).isEqualTo(4);
            assertThat(file.tensors()).containsKey("encoder.down.0.block.0.conv1.weight");
        }
        convert(
                Conversion.of(at("ae.safetensors")).names("diffusers"),
                at("back.safetensors"),
                "f32");
        requireSame(values(at("back.safetensors")), values(flux.resolve("vae")));
        assertThatThrownBy(() -> convert(Conversion.of(at("ae.safetensors")), at("folder"), "f32"))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("has no config.json, which a folder needs");
        assertThat(at("folder")).doesNotExist();
    }

    @Test
    void t5_inGguf_hasTheNamesOfLlamaCpp() {
        convert(Conversion.of(flux).part("text_encoder_2"), at("t5.gguf"), "q8_0");
        PlainGguf gguf = PlainGguf.read(at("t5.gguf"));
        assertThat(gguf.keys()).containsEntry("general.architecture", "t5encoder");
        assertThat(gguf.tensors()).containsKey("token_embd.weight");
        assertThat(gguf.tensors().get("enc.blk.0.ffn_gate.weight").type()).isEqualTo(Q8_0);
    }

    @Test
    void names_whereThereIsOneKind_areRefused() {
        assertThatThrownBy(
                        () ->
                                convert(
                                        Conversion.of(flux).part("text_encoder").names("original"),
                                        at("x.safetensors"),
                                        null))
                .isInstanceOf(RequestException.class)
                .hasMessageStartingWith("names original: CLIP")
                .hasMessageEndingWith("has the same names in files and in folders; leave this out");
        assertThat(at("x.safetensors")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"sd3", "dit"})
    void transformer_folderToFileAndBack_isTheSourceToTheBit(String family) {
        Path model = at(family);
        if (family.equals("dit")) {
            TinyPublished.dit(model);
        } else {
            TinyPublished.sd3(model);
        }
        convert(Conversion.of(model), at("file.safetensors"), null);
        convert(Conversion.of(at("file.safetensors")), at("back"), null);
        try (Weights before = Weights.open(model.resolve("transformer"));
                Weights file = Weights.open(at("file.safetensors"));
                Weights after = Weights.open(at("back"))) {
            assertThat(file.tensors())
                    .containsKey("x_embedder.proj.weight")
                    .doesNotContainKey("pos_embed.proj.weight");
            assertThat(after.tensors().keySet()).isEqualTo(before.tensors().keySet());
            before.tensors()
                    .forEach(
                            (name, info) -> {
                                assertThat(after.tensors().get(name)).isEqualTo(info);
                                assertThat(after.data(name)).as(name).isEqualTo(before.data(name));
                            });
        }
    }

    @ParameterizedTest
    @EnumSource(ScaledTwin.Kind.class)
    void weightsInEightBits_becomeTheFloatsThatTheyStandFor(ScaledTwin.Kind kind) {
        ScaledTwin twin =
                ScaledTwin.of(
                        flux.resolve("transformer"),
                        kind,
                        name -> name.startsWith("transformer_blocks.0."),
                        folder);
        convert(Conversion.of(twin.scaled()), at("floats.safetensors"), "f32");
        convert(Conversion.of(twin.twin()), at("wanted.safetensors"), "f32");
        Map<String, float[]> got = values(at("floats.safetensors"));
        values(at("wanted.safetensors"))
                .forEach(
                        (name, numbers) -> {
                            for (int i = 0; i < numbers.length; i++) {
                                assertThat(got.get(name)[i])
                                        .as(name)
                                        .isCloseTo(
                                                numbers[i],
                                                org.assertj.core.data.Offset.offset(
                                                        1e-6f * Math.max(1, Math.abs(numbers[i]))));
                            }
                        });
    }

    /** The k of a block is scaled, all else is BF16; fused, q, k and v are F32. */
    @Test
    void tensorsBesideAScaledOne_stayAsTheyAre() {
        String block = "transformer_blocks.0.attn.";
        convert(Conversion.of(flux), at("bf16"), "bf16");
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        try (Weights weights = Weights.open(at("bf16"))) {
            weights.tensors().keySet().forEach(name -> tensors.put(name, weights.tensor(name)));
            HostTensor k = weights.tensor(block + "to_k.weight");
            tensors.put(
                    block + "to_k.weight",
                    HostFloats.tensor(DType.F8_E4M3, k.shape(), HostFloats.read(k)));
            tensors.put(
                    block + "to_k.weight_scale", HostFloats.tensor(DType.F32, Shape.of(), 0.5f));
            SafetensorsWriter.write(at("mixed.safetensors"), tensors, Map.of());
        }
        convert(Conversion.of(at("mixed.safetensors")), at("fp8.safetensors"), "f8_e4m3");
        try (Weights file = Weights.open(at("fp8.safetensors"))) {
            assertThat(file.tensors().get("img_in.weight").dtype()).isEqualTo(DType.BF16);
        }
        convert(Conversion.of(at("mixed.safetensors")).names("original"), at("fused.gguf"), "bf16");
        PlainGguf fused = PlainGguf.read(at("fused.gguf"));
        assertThat(fused.tensors().get("double_blocks.0.img_attn.qkv.weight").sizes())
                .containsExactly(32, 96);
    }

    @Test
    void checkpointOfAllParts_givesTheTransformer_andThePartThatIsNamed() {
        Path model = TinyPublished.flux(models.resolve("published")).path();
        Map<String, String> prefixes = new LinkedHashMap<>();
        prefixes.put("transformer", "model.diffusion_model.");
        prefixes.put("vae", "vae.");
        Path all = TinyPublished.checkpoint(model, at("all.safetensors"), prefixes);
        List<String> notes = new ArrayList<>();
        Watch watch =
                new Watch() {
                    @Override
                    public void next(String name, int done, int total) {}

                    @Override
                    public void note(String message) {
                        notes.add(message);
                    }
                };
        new ModelTools(watch)
                .convert(
                        Conversion.of(all).names("diffusers"),
                        Output.to(at("t.safetensors")).dtype("f32"));
        assertThat(notes)
                .singleElement()
                .asString()
                .startsWith("left out of " + all + ": ")
                .containsIgnoringCase("autoencoder")
                .doesNotContain("FLUX.1 [dev]");
        requireSame(values(at("t.safetensors")), values(model.resolve("transformer")));
        convert(Conversion.of(all).part("vae").names("diffusers"), at("v.safetensors"), "f32");
        requireSame(values(at("v.safetensors")), values(model.resolve("vae")));
        assertThatThrownBy(
                        () -> convert(Conversion.of(all).part("text_encoder"), at("x.gguf"), null))
                .isInstanceOf(RequestException.class)
                .hasMessageEndingWith("holds no such part");
    }
}
