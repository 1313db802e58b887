package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
    @TempDir Path folder;

    @Test
    void write_allDTypes_roundTrip() {
        Random random = new Random(7);
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        for (DType dtype : DType.values()) {
            if (dtype.isQuantised()) {
                continue; // has no name in this format
            }
            byte[] data = new byte[(int) dtype.bytes(3 * 8)];
            random.nextBytes(data);
            tensors.put("t." + dtype, tensor(dtype, Shape.of(3, 8), data));
        }
        tensors.put("scalar", tensor(DType.F32, Shape.of(), new byte[] {1, 2, 3, 4}));
        tensors.put("empty", tensor(DType.BF16, Shape.of(0, 4), new byte[0]));
        Map<String, String> metadata = Map.of("format", "pt", "Übung", "a \"b\"\nc \ud83e\udd8a");
        Path file = folder.resolve("all.safetensors");
        SafetensorsWriter.write(file, tensors, metadata);

        try (SafetensorsFile read = SafetensorsFile.open(file)) {
            assertThat(read.metadata()).isEqualTo(metadata);
            assertThat(read.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(tensors.keySet());
            tensors.forEach(
                    (name, tensor) -> {
                        TensorInfo info = read.tensors().get(name);
                        assertThat(info.dtype()).isEqualTo(tensor.dtype());
                        assertThat(info.shape()).isEqualTo(tensor.shape());
                        assertThat(read.data(name)).isEqualTo(tensor.data());
                    });
        }
    }

    @Test
    void write_mixedWidths_alignsEveryTensorToItsElement() throws IOException {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        tensors.put("byte", tensor(DType.U8, Shape.of(3), new byte[3]));
        tensors.put("b", tensor(DType.F32, Shape.of(1), new byte[4]));
        tensors.put("a", tensor(DType.F32, Shape.of(1), new byte[4]));
        tensors.put("half", tensor(DType.F16, Shape.of(3), new byte[6]));
        tensors.put("long", tensor(DType.I64, Shape.of(1), new byte[8]));
        Path file = folder.resolve("mixed.safetensors");
        SafetensorsWriter.write(file, tensors, Map.of());

        long header =
                ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN).getLong();
        assertThat(header % 8).isZero();
        assertThat(SafetensorsFile.open(file).tensors().keySet())
                .containsExactly("long", "a", "b", "half", "byte");
    }

    @Test
    void write_nothing_givesAnEmptyFileThatOpens() {
        Path file = folder.resolve("none.safetensors");
        SafetensorsWriter.write(file, Map.of(), Map.of());
        assertThat(SafetensorsFile.open(file).tensors()).isEmpty();
    }

    @Test
    void write_failure_keepsTheOldFileAndLeavesNothingAside() throws IOException {
        Path file = Files.writeString(folder.resolve("old.safetensors"), "old");
        Map<String, HostTensor> loneSurrogate =
                Map.of("\ud800", tensor(DType.U8, Shape.of(1), new byte[1]));
        assertThatThrownBy(() -> SafetensorsWriter.write(file, loneSurrogate, Map.of()))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageStartingWith(file + ": cannot be written");
        assertThat(file).hasContent("old");
        assertThat(folder.toFile().list()).containsExactly("old.safetensors");
    }

    @Test
    void write_missingFolderOrFolderAsTarget_isRefused() {
        assertThatThrownBy(
                        () ->
                                SafetensorsWriter.write(
                                        folder.resolve("no/x.safetensors"), Map.of(), Map.of()))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("does not exist");
        assertThatThrownBy(() -> SafetensorsWriter.write(folder, Map.of(), Map.of()))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("is a folder");
    }

    @Test
    void write_reservedName_isRefused() {
        Map<String, HostTensor> tensors =
                Map.of("__metadata__", tensor(DType.U8, Shape.of(1), new byte[1]));
        assertThatThrownBy(() -> SafetensorsWriter.write(folder.resolve("x"), tensors, Map.of()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void hostTensor_wrongSize_isRefused() {
        assertThatThrownBy(() -> tensor(DType.F32, Shape.of(2), new byte[7]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("8 bytes", "got 7");
    }

    private static HostTensor tensor(DType dtype, Shape shape, byte[] data) {
        return new HostTensor(dtype, shape, ByteBuffer.wrap(data));
    }
}
