package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.fixtures.GgufBytes;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufWriterTest {
    private final Map<String, TensorSource> tensors = new LinkedHashMap<>();

    @TempDir private Path folder;
    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("model.gguf");
    }

    private void add(String name, DType dtype, int... dims) {
        Shape shape = Shape.of(dims);
        byte[] data = new byte[(int) dtype.bytes(shape.numel())];
        Arrays.fill(data, (byte) 1);
        tensors.put(name, new TensorSource(dtype, shape, () -> ByteBuffer.wrap(data)));
    }

    private static Map<String, Object> keys() {
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("general.architecture", "flux");
        keys.put("general.file_type", 14);
        keys.put("some.list", new int[] {5, 6});
        return keys;
    }

    @Test
    void stream_isTheFileByHand() throws IOException {
        add("bias", DType.F32, 5);
        add("weight", DType.Q8_0, 3, 64);
        GgufWriter.stream(file, tensors, keys());
        byte[] data = new byte[32 + 224];
        Arrays.fill(data, 0, 20, (byte) 1);
        Arrays.fill(data, 32, 32 + 6 * 34, (byte) 1);
        assertThat(Files.readAllBytes(file))
                .isEqualTo(
                        new GgufBytes()
                                .string("general.architecture", "flux")
                                .number("general.file_type", 4, 14)
                                .integers("some.list", 2, 5, 6)
                                .tensor("bias", GgufBytes.F32, 0, 5)
                                .tensor("weight", GgufBytes.Q8_0, 32, 64, 3)
                                .build(data));
    }

    @Test
    void stream_allTypes_areReadAgain() {
        for (DType dtype : DType.values()) {
            if (dtype.isQuantised() || HostFloats.supports(dtype)) {
                add(dtype + ".weight", dtype, 2, 512);
            }
        }
        add("scalar", DType.F32);
        add("kernel", DType.F16, 3, 2, 1, 4, 2);
        GgufWriter.stream(file, tensors, Map.of());
        try (GgufFile read = GgufFile.open(file)) {
            assertThat(read.tensors().keySet()).containsExactlyElementsOf(tensors.keySet());
            tensors.forEach(
                    (name, tensor) -> {
                        TensorInfo info = read.tensors().get(name);
                        assertThat(info.dtype()).isEqualTo(tensor.dtype());
                        assertThat(info.shape()).isEqualTo(tensor.shape());
                        assertThat(read.data(name))
                                .isEqualTo(tensor.data().get().order(ByteOrder.LITTLE_ENDIAN));
                    });
        }
    }

    @Test
    void stream_noRowsInFiveDimensions_isWritten() {
        add("kernel", DType.F16, 0, 2, 1, 4, 2);
        GgufWriter.stream(file, tensors, Map.of());
        assertThat(file).exists();
    }

    @Test
    void stream_failingSource_leavesNothing() throws IOException {
        add("bias", DType.F32, 5);
        tensors.put(
                "short", new TensorSource(DType.F32, Shape.of(2), () -> ByteBuffer.allocate(4)));
        assertThatThrownBy(() -> GgufWriter.stream(file, tensors, keys()))
                .hasMessage("short: must be 8 bytes, got 4");
        add("numbers", DType.I64, 5);
        assertThatThrownBy(() -> GgufWriter.stream(file, tensors, keys()))
                .hasMessage("GGUF has no I64");
        assertThat(folder).isEmptyDirectory();
    }
}
