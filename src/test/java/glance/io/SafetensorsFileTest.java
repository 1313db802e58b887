package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsFileTest {
    private static final String F32_PAIR =
            "{'dtype':'F32','shape':[2],'data_offsets':[0,8]}".replace('\'', '"');

    @TempDir Path folder;

    @Test
    void open_publishedFile_listsTensorsInFileOrder() {
        Path file =
                Path.of(System.getProperty("glance.weights"))
                        .resolve("glance-tiny/vae/diffusion_pytorch_model.safetensors");
        try (SafetensorsFile weights = SafetensorsFile.open(file)) {
            assertThat(weights.tensors()).isNotEmpty();
            assertThat(weights.metadata()).containsEntry("format", "pt");
            weights.tensors()
                    .forEach(
                            (name, info) -> {
                                assertThat(info.name()).isEqualTo(name);
                                assertThat(weights.data(name).remaining()).isEqualTo(info.bytes());
                            });
        }
    }

    @Test
    void data_isLittleEndianAndReadOnly() {
        byte[] content = SafetensorsBytes.of("{\"a\":" + F32_PAIR + "}", 8);
        ByteBuffer.wrap(content)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(content.length - 8, 1.5f)
                .putFloat(content.length - 4, -2f);
        Path file = SafetensorsBytes.write(folder.resolve("a.safetensors"), content);
        try (SafetensorsFile weights = SafetensorsFile.open(file)) {
            ByteBuffer data = weights.data("a");
            assertThat(data.isReadOnly()).isTrue();
            assertThat(data.getFloat()).isEqualTo(1.5f);
            assertThat(data.getFloat()).isEqualTo(-2f);
            assertThat(data.hasRemaining()).isFalse();
            assertThat(weights.data("a").position()).isZero();
        }
    }

    @Test
    void data_windowsSmallerThanTheFile_giveEveryTensor() {
        String header =
                "{'c':{'dtype':'U8','shape':[3],'data_offsets':[3,6]},"
                        + "'a':{'dtype':'U8','shape':[2],'data_offsets':[0,2]},"
                        + "'b':{'dtype':'U8','shape':[1],'data_offsets':[2,3]},"
                        + "'empty':{'dtype':'F32','shape':[0,7],'data_offsets':[6,6]}}";
        byte[] content = SafetensorsBytes.of(header.replace('\'', '"'), 6);
        for (int i = 0; i < 6; i++) {
            content[content.length - 6 + i] = (byte) i;
        }
        Path file = SafetensorsBytes.write(folder.resolve("a.safetensors"), content);
        try (SafetensorsFile weights = SafetensorsFile.open(file, 3)) {
            assertThat(weights.tensors().keySet()).containsExactly("a", "b", "c", "empty");
            assertThat(weights.data("a").get(1)).isEqualTo((byte) 1);
            assertThat(weights.data("b").get(0)).isEqualTo((byte) 2);
            assertThat(weights.data("c").get(2)).isEqualTo((byte) 5);
            assertThat(weights.data("empty").remaining()).isZero();
        }
    }

    @Test
    void data_fileOverFourGiB_readsBehindTheLimitAndRefusesTheTensorOverIt() throws IOException {
        long big = (1L << 31) + 2;
        long end = 2 * big + 4;
        String header =
                "{'big':{'dtype':'BF16','shape':[%d,1],'data_offsets':[0,%d]},"
                        + "'half':{'dtype':'U8','shape':[%d,2],'data_offsets':[%d,%d]},"
                        + "'tail':{'dtype':'I32','shape':[],'data_offsets':[%d,%d]}}";
        header =
                header.formatted(big / 2, big, big / 2, big, 2 * big, 2 * big, end)
                        .replace('\'', '"');
        Path file = SafetensorsBytes.write(folder.resolve("sparse.safetensors"), header, 0);
        long start = Files.size(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            ByteBuffer tail = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
            channel.write(tail.putInt(77).flip(), start + end - 4);
        }
        try (SafetensorsFile weights = SafetensorsFile.open(file)) {
            assertThat(weights.data("tail").getInt()).isEqualTo(77);
            assertThatThrownBy(() -> weights.data("big"))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContainingAll("sparse.safetensors: big: ", "2 GiB");
        }
    }

    @Test
    void data_unknownNameOrAfterClose_isRefused() {
        Path file = folder.resolve("a.safetensors");
        SafetensorsBytes.write(file, "{\"a\":" + F32_PAIR + "}", 8);
        SafetensorsFile weights = SafetensorsFile.open(file);
        assertThatThrownBy(() -> weights.data("b"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no tensor named b");
        weights.close();
        assertThatThrownBy(() -> weights.data("a")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void open_scalarAndUnknownField_isAccepted() {
        String header =
                "{'a':{'x':{'y':[1]},'dtype':'F32','shape':[],'data_offsets':[0,4]}}   "
                        .replace('\'', '"');
        Path file = SafetensorsBytes.write(folder.resolve("a.safetensors"), header, 4);
        assertThat(SafetensorsFile.open(file).tensors().get("a"))
                .isEqualTo(new TensorInfo("a", DType.F32, Shape.of(), 4));
    }

    static Stream<Arguments> damagedHeaders() {
        return Stream.of(
                damaged("[]", 0, "must start with '{'"),
                damaged("", 0, "begins with zeros"),
                damaged(" {}", 0, "must start with '{'"),
                damaged("{", 0, "not valid JSON"),
                damaged("{}{}", 0, "goes on after"),
                damaged("{} x", 0, "not valid JSON"),
                damaged("{}\0", 0, "not valid JSON"),
                damaged("{'a':" + "[".repeat(5000), 0, "a: must be an object"),
                damaged("{'a':{'x':" + "[".repeat(5000), 0, "nesting"),
                damaged("{'a':P,'a':P}", 8, "Duplicate field 'a'"),
                damaged("{'a':P,'\\u0061':P}", 8, "Duplicate field 'a'"),
                damaged("{'__metadata__':{},'__metadata__':{}}", 0, "Duplicate field"),
                damaged("{'__metadata__':{'x':'1','x':'2'}}", 0, "Duplicate field 'x'"),
                damaged("{'__metadata__':{'x':1}}", 0, "__metadata__.x: must be a string"),
                damaged("{'__metadata__':[]}", 0, "__metadata__: must be an object"),
                damaged("{'a':1}", 0, "a: must be an object"),
                damaged("{'a':{'shape':[],'data_offsets':[0,4]}}", 4, "a: dtype is missing"),
                damaged("{'a':{'dtype':'F32','data_offsets':[0,4]}}", 4, "a: shape is missing"),
                damaged("{'a':{'dtype':'F32','shape':[]}}", 4, "a: data_offsets is missing"),
                tensor("'F32'", "[2]", "[0]", "a: data_offsets must be [begin, end]"),
                tensor("'F32'", "[2]", "[0,8,9]", "a: data_offsets holds more than 2"),
                tensor("'F32'", "[2]", "[8,0]", "a: data_offsets must be [begin, end]"),
                tensor("'F32'", "[2]", "[0,16]", "a: data ends at byte 16"),
                tensor("'F32'", "[2]", "[-8,0]", "a: data_offsets must hold whole numbers"),
                tensor("'F32'", "[3]", "[0,8]", "a: shape [3] of F32 takes 12 bytes"),
                tensor("'F32'", "[-2]", "[0,8]", "a: shape must hold whole numbers"),
                tensor("'F32'", "[2.0]", "[0,8]", "a: shape must hold whole numbers"),
                tensor("'F32'", "[1e99999]", "[0,8]", "a: shape must hold whole numbers"),
                tensor("'F32'", "['2']", "[0,8]", "a: shape must hold whole numbers"),
                tensor("'F32'", "[[2]]", "[0,8]", "a: shape must hold whole numbers"),
                tensor("'F32'", "2", "[0,8]", "a: shape must be an array"),
                tensor("'F32'", "[2147483648]", "[0,8]", "over 2147483647"),
                tensor("'F32'", "[99999999999999999999]", "[0,8]", "must hold whole numbers"),
                tensor("'F32'", "[" + "1,".repeat(64) + "2]", "[0,8]", "more than 64"),
                tensor("'F32'", "[2147483647,2147483647,4]", "[0,8]", "overflows"),
                tensor("'F32'", "[2147483647,2147483647]", "[0,8]", "overflows"),
                tensor("'F32'", "[65536,65536,65536,65536]", "[0,8]", "overflows"),
                tensor("'F4'", "[3]", "[0,8]", "is no whole number of bytes"),
                tensor("'I2'", "[4]", "[0,8]", "a: unknown dtype 'I2'"),
                tensor("'f32'", "[2]", "[0,8]", "a: unknown dtype 'f32'"),
                tensor("32", "[2]", "[0,8]", "a: dtype must be a string"),
                damaged("{'a':P}", 12, "end at byte 8 but the file holds 12"),
                damaged("{'a':P}", 7, "a: data ends at byte 8"),
                damaged("{}", 1, "end at byte 0 but the file holds 1"),
                damaged("{'a':P,'b':P}", 8, "b: data overlaps"),
                damaged("{'a':P,'b':" + u8("[3]", "[10,13]") + "}", 13, "b: data leaves a hole"),
                damaged("{'a':" + u8("[3]", "[1,4]") + "}", 4, "a: data leaves a hole"),
                damaged("{'a':P,'b':" + u8("[4]", "[4,8]") + "}", 8, "b: data overlaps"),
                damaged("{'x\\ny\\u001b[31m':1}", 0, "x?y?[31m: must be an object"));
    }

    private static Arguments damaged(String header, int dataBytes, String message) {
        return Arguments.of(header.replace('\'', '"').replace("P", F32_PAIR), dataBytes, message);
    }

    private static Arguments tensor(String dtype, String shape, String offsets, String message) {
        String entry = "{'a':{'dtype':%s,'shape':%s,'data_offsets':%s}}";
        return damaged(entry.formatted(dtype, shape, offsets), 8, message);
    }

    private static String u8(String shape, String offsets) {
        return "{'dtype':'U8','shape':" + shape + ",'data_offsets':" + offsets + "}";
    }

    @ParameterizedTest
    @MethodSource("damagedHeaders")
    void open_damagedHeader_isRefusedByName(String header, int dataBytes, String message) {
        Path file = SafetensorsBytes.write(folder.resolve("bad.safetensors"), header, dataBytes);
        assertThatThrownBy(() -> SafetensorsFile.open(file))
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContaining(message)
                .hasMessageNotContainingAny("\n", "\u001b");
    }

    static Stream<Arguments> damagedFiles() {
        byte[] notUtf8 = SafetensorsBytes.of("{\"??\":1}", 0);
        notUtf8[10] = (byte) 0xc3;
        byte[] utf16 = "{\"a\":1}".getBytes(StandardCharsets.UTF_16LE);
        byte[] wide = SafetensorsBytes.of(" ".repeat(utf16.length), 0);
        System.arraycopy(utf16, 0, wide, Long.BYTES, utf16.length);
        return Stream.of(
                Arguments.of(new byte[0], "is empty"),
                Arguments.of(new byte[7], "is 7 bytes, too short"),
                Arguments.of(length(-1), "header length 18446744073709551615 is over the limit"),
                Arguments.of(length(Long.MIN_VALUE), "is over the limit"),
                Arguments.of(length(100_000_001), "header length 100000001 is over the limit"),
                Arguments.of(length(100), "header length 100 goes beyond the end of the file"),
                Arguments.of(notUtf8, "header: is not UTF-8 text"),
                Arguments.of(wide, "header: is not valid JSON"));
    }

    private static byte[] length(long length) {
        return ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
    }

    @ParameterizedTest
    @MethodSource("damagedFiles")
    void open_damagedFile_isRefused(byte[] content, String message) {
        Path file = SafetensorsBytes.write(folder.resolve("bad.safetensors"), content);
        assertThatThrownBy(() -> SafetensorsFile.open(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContainingAll(file.toString(), message);
    }

    @Test
    void open_missingFileOrFolder_isRefused() {
        assertThatThrownBy(() -> SafetensorsFile.open(folder.resolve("none")))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("no such file");
        assertThatThrownBy(() -> SafetensorsFile.open(folder))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("is a folder");
    }
}
