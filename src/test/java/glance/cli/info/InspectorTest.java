package glance.cli.info;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.cli.Engine;
import glance.cli.common.ExitCode;
import glance.cli.common.PartOptions;
import glance.cli.common.StopRequest;
import glance.fixtures.Fixture;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinyKrea2;
import glance.fixtures.TinyPublished;
import glance.fixtures.TinyQwenImageEdit;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code info} shows what is readable, whether the engine can run it or not. */
class InspectorTest {
    @TempDir private Path folder;

    @Test
    void everyElementType_isListed() {
        Path file = folder.resolve("all.safetensors");
        Map<String, DType> tensors = new LinkedHashMap<>();
        List<DType> dtypes =
                Arrays.stream(DType.values()).filter(dtype -> !dtype.isQuantised()).toList();
        dtypes.forEach(dtype -> tensors.put("x." + dtype, dtype));
        write(file, tensors, Map.of());
        String text = info(file);
        for (DType dtype : dtypes) {
            assertThat(text).contains("x." + dtype + " ", "[2, 4]");
        }
        assertThat(text).contains("not usable", "is quantised with a tool that it does not name");
    }

    @Test
    void quantisedPart_isShownBesideTheOthers() throws IOException {
        Path model = TinyFlux.dev(folder.resolve("model"));
        Path weights = model.resolve("transformer/diffusion_pytorch_model.safetensors");
        write(weights, Map.of("x.weight", DType.U8, "x.weight.absmax", DType.F32), Map.of());
        assertThat(info(model))
                .contains("F32 8, U8 8", "T5EncoderModel", "AutoencoderKL")
                .contains("not usable  " + weights + ": is quantised with bitsandbytes (4 bit)")
                .doesNotContain("run memory");
    }

    /** Qwen-Image and its later version have the same config.json, so that names alone differ. */
    @Test
    void variant_isToldByWhatTellsIt() throws IOException {
        Path turbo = TinyKrea2.turbo(folder.resolve("krea")).path();
        assertThat(info(turbo)).contains("variant     Krea 2 Turbo\n");
        Path qwen = TinyPublished.qwen(folder.resolve("Qwen-Image-2512")).path();
        assertThat(info(qwen))
                .contains(
                        "variant     Qwen-Image-2512, as the name of the folder says; nothing in it");
        Path file = folder.resolve("qwen_image_2512_bf16.safetensors");
        Files.copy(TinyPublished.weights(qwen, "transformer"), file);
        assertThat(info(file))
                .contains(
                        "Qwen-Image, 1 blocks of width 128; Qwen-Image-2512, as the name of the file");
        Path edit = TinyQwenImageEdit.still(folder.resolve("edit")).path();
        assertThat(info(edit)).contains("variant     Qwen-Image-Edit-2511\n");
        Path plain = Files.move(qwen, folder.resolve("qwen-image"));
        assertThat(info(plain)).doesNotContain("variant");
    }

    @Test
    void brokenParts_areShownBesideTheOthers() throws IOException {
        Path model = TinyFlux.dev(folder.resolve("model"));
        Path encoder = model.resolve("text_encoder");
        Files.move(encoder.resolve("model.safetensors"), encoder.resolve("pytorch_model.bin"));
        Path vae = model.resolve("vae/diffusion_pytorch_model.safetensors");
        Files.writeString(vae, "version https://git-lfs.github.com/spec/v1\n");
        assertThat(info(model))
                .contains("FluxTransformer2DModel", "T5EncoderModel")
                .contains("not usable  " + encoder + ": holds its weights only as a pickle")
                .contains("not usable  " + vae + ": is a Git LFS pointer");
    }

    /** As a cache has it from which files were removed. */
    @Test
    void indexThatIsALinkToNothing_isNamed() throws IOException {
        Path index = folder.resolve("model_index.json");
        Files.createSymbolicLink(index, folder.resolve("blobs"));
        assertThatThrownBy(() -> new Inspector(null, new PartOptions()).inspect(folder))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining(index + ": is a link to");
    }

    @Test
    void layersBeyondAllBounds_areNamed() throws IOException {
        Path model = TinyFlux.dev(folder.resolve("model"));
        Path config = model.resolve("transformer/config.json");
        String text = Files.readString(config);
        Files.writeString(config, text.replace("\"num_layers\": 1", "\"num_layers\": 1000000000"));
        assertThat(info(model)).contains("not usable  " + config + ": num_layers: must be at most");
    }

    @Test
    void fileInAnotherLayout_isShownWithItsName() {
        Path file = folder.resolve("sd.safetensors");
        write(file, Map.of("input_blocks.0.0.weight", DType.BF16), Map.of());
        assertThat(info(file)).contains("not usable", "holds a UNet", "BF16");
    }

    @Test
    void quantisedFile_isShownTypeByType() {
        String text = info(Fixture.folder("flux-gguf").resolve("model.gguf"));
        assertThat(text)
                .contains("general.architecture = flux", "single_blocks.0.linear1.weight")
                .containsPattern("type +parameters +bits a weight +size")
                .containsPattern("Q4_K +\\d+.* +4.5 ")
                .containsPattern("Q6_K +\\d+.* +6.5625 ")
                .containsPattern("all +\\d+.* +[67]\\.\\d+ ")
                .doesNotContain("not usable");
    }

    @Test
    void checkpointAndTrainingFolder_sayWhatTheyAre() throws IOException {
        Path checkpoint = folder.resolve("slow.checkpoint.safetensors");
        write(checkpoint, Map.of("m.lora_A.weight", DType.F32), Map.of("glance.step", "20"));
        Files.copy(
                Fixture.folder("qwenimage-transformer").resolve("lora.safetensors"),
                folder.resolve("slow.safetensors"));
        assertThat(info(checkpoint)).contains("checkpoint  " + checkpoint, "glance.step = 20");
        assertThat(info(folder))
                .contains("training    " + folder)
                .contains("slow.checkpoint.safetensors a checkpoint, from which train --resume")
                .contains("slow.safetensors an adapter for 24 modules");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a.txt | a red circle\\n\\na star\\n | 2 prompts for --prompts, the first: a red circle",
                "mine.json | {\"of\": 10, \"phases\": {\"slow\": [1, 4]}} | for --plan: mine, 10 steps, slow 1-4",
                "config.json | {\"_class_name\": \"AutoencoderKL\"} | the config of class AutoencoderKL",
                "a.yaml | rank: 8 | for train --config: rank"
            })
    void text_saysWhatItIsFor(String name, String content, String what) throws IOException {
        Path file = Files.writeString(folder.resolve(name), content.translateEscapes());
        assertThat(info(file)).contains(file.toString(), what);
    }

    @Test
    void otherJson_isRefusedByItsKeys() throws IOException {
        Path file = Files.writeString(folder.resolve("a.json"), "{\"x\": 1}");
        assertThatThrownBy(() -> TextInspector.inspect(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("neither a plan nor a config of a model (its keys: x)");
    }

    private static void write(Path file, Map<String, DType> dtypes, Map<String, String> metadata) {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        dtypes.forEach(
                (name, dtype) ->
                        tensors.put(
                                name,
                                new HostTensor(
                                        dtype,
                                        Shape.of(2, 4),
                                        ByteBuffer.allocate((int) dtype.bytes(8)))));
        SafetensorsWriter.write(file, tensors, metadata);
    }

    private static String info(Path path) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int exit =
                Engine.run(
                        new PrintStream(out, true),
                        new PrintStream(err, true),
                        new StopRequest(),
                        "info",
                        "--all",
                        path.toString());
        assertThat(exit).as(err.toString()).isEqualTo(ExitCode.OK);
        return out.toString();
    }
}
