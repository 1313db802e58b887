package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which files of a folder are its weights. */
class WeightFolderTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "model.fp16.safetensors",
                "diffusion_pytorch_model.bf16.safetensors",
                "model.non_ema.safetensors"
            })
    void variantAlone_isOpened(String name) {
        write(name, "a");
        opens(name);
    }

    @ParameterizedTest
    @CsvSource({
        "model.safetensors.index.fp16.json, model.fp16-00001-of-00002.safetensors",
        "diffusion_pytorch_model.fp16.safetensors.index.json, diffusion_pytorch_model-00001-of-00002.fp16.safetensors",
        "diffusion_pytorch_model.safetensors.bf16.index.json, diffusion_pytorch_model.bf16-00001-of-00002.safetensors",
        "diffusion_pytorch_model.safetensors.index.json, diffusion_pytorch_model-00001-of-00002.safetensors"
    })
    void variantInShards_isOpenedByItsIndex(String index, String first) throws IOException {
        shards(index, first);
        try (Weights weights = Weights.open(folder)) {
            assertThat(weights.tensors().keySet()).containsExactly("a", "b");
            assertThat(weights.source()).isEqualTo(folder.resolve(index));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "model.fp16.safetensors, model.safetensors, model.safetensors",
        "model.fp16.safetensors, model.bf16.safetensors, model.bf16.safetensors",
        "model.non_ema.safetensors, model.fp16.safetensors, model.fp16.safetensors",
        "model.fp16.safetensors, other.safetensors, model.fp16.safetensors"
    })
    void several_areTakenInTheOrderPlainBf16Fp16(String one, String two, String expected) {
        write(one, "a");
        write(two, "a");
        opens(expected);
    }

    @Test
    void plainShards_comeBeforeAVariantInOneFile() throws IOException {
        write("model.fp16.safetensors", "a");
        shards("model.safetensors.index.json", "model-00001-of-00002.safetensors");
        opens("model.safetensors.index.json");
    }

    @Test
    void indexWithoutItsShards_doesNotHideAVariant() throws IOException {
        write("model.fp16.safetensors", "a");
        index("model.safetensors.index.json", "1.safetensors", "2.safetensors");
        opens("model.fp16.safetensors");
    }

    @Test
    void linkToNothing_isNamed() throws IOException {
        Path link = folder.resolve("diffusion_pytorch_model.safetensors");
        Files.createSymbolicLink(link, Path.of("../blobs/12ab"));
        refused(link + ": is a link to ../blobs/12ab, which is not there");
    }

    @Test
    void shardThatIsALinkToNothing_isNamed() throws IOException {
        shards("model.safetensors.index.json", "model-00001-of-00002.safetensors");
        Path second = folder.resolve("model-00002-of-00002.safetensors");
        Files.delete(second);
        Files.createSymbolicLink(second, Path.of("../blobs/12ab"));
        refused(second + ": is a link to ../blobs/12ab");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pytorch_model.bin | only as a pickle (pytorch_model.bin); a pickle can run code",
                "diffusion_pytorch_model.fp16.bin | only as a pickle (diffusion_pytorch_model.fp16.bin)",
                "pytorch_model-00001-of-00002.bin | only as a pickle",
                "sd3.ckpt | only as a pickle (sd3.ckpt)",
                "model.pt | only as a pickle (model.pt)",
                "flax_model.msgpack | only as Flax",
                "tf_model.h5 | only as TensorFlow",
                "model.safetensors.incomplete | only as a download that was not finished"
            })
    void otherFormats_areRefusedByName(String name, String message) throws IOException {
        Files.createFile(folder.resolve(name));
        refused(folder + ": holds its weights ", message);
    }

    /** It runs when it is given as a file. */
    @Test
    void renamedFileWithScales_isNotRefusedAsQuantised() {
        HostTensor weight = new HostTensor(DType.F8_E4M3, Shape.of(2, 4), ByteBuffer.allocate(8));
        HostTensor scale = HostFloats.tensor(DType.F32, Shape.of(), 2);
        SafetensorsWriter.write(
                folder.resolve("flux1-dev-fp8.safetensors"),
                Map.of("x.weight", weight, "x.scale_weight", scale),
                Map.of());
        refused(
                "holds flux1-dev-fp8.safetensors, and weights are read under other names only",
                "rename the file");
    }

    @Test
    void renamedFile_isNamed() {
        write("flux1-dev.safetensors", "transformer_blocks.0.norm1.linear.weight");
        refused(
                "holds flux1-dev.safetensors, and weights are read under other names only",
                "rename");
    }

    @Test
    void renamedFileInAnotherLayout_isRefusedByItsLayout() {
        write("sd.safetensors", "input_blocks.0.0.weight");
        refused("sd.safetensors: holds a UNet");
    }

    @Test
    void shardsWithoutIndex_areNamed() {
        write("model-00001-of-00002.safetensors", "a");
        refused("holds shards (model-00001-of-00002.safetensors) without their index");
    }

    private void opens(String name) {
        try (Weights weights = Weights.open(folder)) {
            assertThat(weights.source()).isEqualTo(folder.resolve(name));
        }
    }

    private void refused(String... parts) {
        assertThatThrownBy(() -> Weights.open(folder))
                .isInstanceOf(FormatException.class)
                .hasMessageContainingAll(parts);
    }

    private void shards(String index, String first) throws IOException {
        String second = first.replace("00001-of", "00002-of");
        write(first, "a");
        write(second, "b");
        index(index, first, second);
    }

    private void index(String name, String first, String second) throws IOException {
        Files.writeString(
                folder.resolve(name),
                "{\"weight_map\": {\"a\": \"%s\", \"b\": \"%s\"}}".formatted(first, second));
    }

    private void write(String file, String tensor) {
        HostTensor value = new HostTensor(DType.F16, Shape.of(1), ByteBuffer.allocate(2));
        SafetensorsWriter.write(folder.resolve(file), Map.of(tensor, value), Map.of());
    }
}
