package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.fixtures.Fixture;
import glance.fixtures.GgufBytes;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {
    private static final String SHAPE = "comfy.gguf.orig_shape.w";

    @TempDir private Path folder;

    private Path file(byte[] content) {
        return SafetensorsBytes.write(folder.resolve("model.gguf"), content);
    }

    private void refused(byte[] content, String reason) {
        Path file = file(content);
        assertThatThrownBy(() -> GgufFile.open(file))
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContaining(reason)
                .hasMessageNotContaining("\n");
    }

    private static GgufBytes blocks() {
        return new GgufBytes().tensor("w", GgufBytes.Q8_0, 0, 64, 3);
    }

    @Test
    void open_file_hasTensorsKeysAndData() {
        byte[] content =
                new GgufBytes()
                        .string("general.architecture", "flux")
                        .number("general.file_type", 4, 7)
                        .integers("some.list", 2, 5, 6)
                        .tensor("b", GgufBytes.F32, 0, 5)
                        .tensor("w", GgufBytes.Q8_0, 32, 64, 3)
                        .build(32 + 6 * 34);
        try (GgufFile file = GgufFile.open(file(content))) {
            assertThat(file.tensors().values())
                    .containsExactly(
                            new TensorInfo("b", DType.F32, Shape.of(5), 20),
                            new TensorInfo("w", DType.Q8_0, Shape.of(3, 64), 6 * 34));
            assertThat(file.metadata())
                    .containsEntry(GgufFile.ARCHITECTURE, "flux")
                    .containsEntry("general.file_type", "7")
                    .containsEntry("some.list", "2 values");
            assertThat(file.data("w").remaining()).isEqualTo(6 * 34);
            assertThat(file.data("b").getFloat(0)).isEqualTo(Float.intBitsToFloat(0x01010101));
        }
    }

    @Test
    void open_versionTwo_isRead() {
        GgufFile.open(file(blocks().version(2).build(6 * 34))).close();
    }

    @Test
    void open_fileOfEachType_hasTheTypes() {
        Path blocks = Fixture.folder("gguf-blocks").resolve("blocks.gguf");
        try (Weights weights = Weights.open(blocks)) {
            assertThat(weights.tensors()).hasSize(15);
            weights.tensors()
                    .forEach(
                            (name, info) ->
                                    assertThat(name)
                                            .isEqualToIgnoringCase(info.dtype() + ".weight"));
        }
    }

    @Test
    void open_originalShape_isThatOfTheTensor() {
        byte[] content = blocks().integers(SHAPE, 4, 3, 4, 4, 4).build(6 * 34);
        try (GgufFile file = GgufFile.open(file(content))) {
            assertThat(file.tensors().get("w").shape()).isEqualTo(Shape.of(3, 4, 4, 4));
        }
    }

    @Test
    void open_originalShapeThatDoesNotFit_isRefused() {
        refused(blocks().integers(SHAPE, 2, 3, 65).build(6 * 34), SHAPE + ": is [3, 65]");
        refused(blocks().integers(SHAPE, 2, 0, 64).build(6 * 34), "positive sizes, got 0");
        refused(blocks().integers(SHAPE, 2, 1 << 30, 1 << 30).build(6 * 34), "is [");
        refused(blocks().integers(SHAPE, 99, new int[99]).build(6 * 34), "short list");
    }

    @Test
    void open_typeThatIsNotRead_namesTypeAndTensor() {
        refused(
                new GgufBytes().tensor("x.weight", 19, 0, 256).build(50),
                "x.weight: is of type IQ1_S, which is not read");
        refused(new GgufBytes().tensor("x", 39, 0, 32).build(17), "x: is of type MXFP4");
        refused(new GgufBytes().tensor("x", 24, 0, 32).build(32), "x: is of type I8");
        refused(new GgufBytes().tensor("x", -1, 0, 32).build(32), "number 4294967295");
    }

    @Test
    void open_otherVersions_areRefused() {
        refused(blocks().version(1).build(6 * 34), "is GGUF of version 1");
        refused(blocks().version(4).build(6 * 34), "is GGUF of version 4");
        refused(blocks().version(3 << 24).build(6 * 34), "big-endian");
    }

    @Test
    void open_hostileCounts_areRefused() {
        refused(blocks().claim(1L << 60, 0).build(6 * 34), "more than fit");
        refused(blocks().claim(-2, 0).build(6 * 34), "18446744073709551615 tensors");
        refused(blocks().claim(0, 1L << 40).build(6 * 34), "keys, more than fit");
        refused(blocks().integers("list", 1L << 62).build(6 * 34), "values in list, more than fit");
    }

    @Test
    void open_placesThatDoNotFit_areRefused() {
        refused(blocks().build(6 * 34 - 1), "end at byte 204 but the file holds 203 bytes");
        refused(new GgufBytes().tensor("w", 0, 32, 2).build(64), "is at byte 32, expected at 0");
        refused(new GgufBytes().tensor("w", 0, -32, 2).build(64), "goes beyond the end");
        refused(
                blocks().tensor("v", GgufBytes.F32, 192, 4).build(6 * 34 + 64),
                "v: data is at byte 192, expected at 224");
        refused(blocks().build(6 * 34 + 64), "bytes of data");
        refused(blocks().tensor("w", GgufBytes.F32, 224, 4).build(256), "w: is there twice");
    }

    @Test
    void open_sizesThatDoNotFit_areRefused() {
        refused(new GgufBytes().tensor("w", 8, 0, 33).build(64), "no whole blocks of Q8_0");
        refused(new GgufBytes().tensor("w", 0, 0, 1L << 31).build(64), "is over 2147483647");
        refused(
                new GgufBytes().tensor("w", 0, 0, 1 << 30, 1 << 30, 1 << 30).build(64),
                "overflows");
        refused(new GgufBytes().tensor("w", 0, 0, 1, 1, 1, 1, 1).build(64), "5 dimensions");
    }

    @Test
    void open_alignment_isThatOfTheHeader() {
        byte[] content =
                new GgufBytes()
                        .number("general.alignment", 4, 8)
                        .alignment(8)
                        .tensor("a", GgufBytes.F32, 0, 1)
                        .tensor("b", GgufBytes.F32, 8, 1)
                        .build(12);
        try (GgufFile file = GgufFile.open(file(content))) {
            assertThat(file.data("b").getInt(0)).isEqualTo(0x01010101);
        }
        refused(new GgufBytes().number("general.alignment", 4, 0).build(0), "power of two");
        refused(new GgufBytes().number("general.alignment", 4, 24).build(0), "power of two");
        refused(new GgufBytes().number("general.alignment", 5, 32).build(0), "power of two");
    }

    @Test
    void open_fileCutAnywhere_isRefused() throws IOException {
        byte[] content = blocks().string("general.architecture", "flux").build(6 * 34);
        for (int length = 4; length < content.length; length++) {
            refused(Arrays.copyOf(content, length), "fetch");
        }
        Files.delete(folder.resolve("model.gguf"));
    }

    @Test
    void open_folderWithOneFile_takesIt() {
        file(blocks().build(6 * 34));
        try (Weights weights = Weights.open(folder)) {
            assertThat(weights.tensors()).containsOnlyKeys("w");
        }
    }

    @Test
    void quantised_blocks_namesTensorAndType() {
        try (Weights weights = Weights.open(file(blocks().build(6 * 34)))) {
            assertThat(weights.quantised()).hasMessageContaining("w: is quantised (Q8_0)");
            assertThat(weights.foreign()).isNull();
        }
    }
}
