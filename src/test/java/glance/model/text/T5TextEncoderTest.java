package glance.model.text;

import static org.assertj.core.api.Assertions.assertThat;

import glance.fixtures.Fixture;
import glance.io.Config;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.io.Weights;
import glance.ops.Ops;
import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class T5TextEncoderTest {
    private static final Path HOME = Fixture.folder("t5-encoder");

    @TempDir private Path folder;

    /** Files as people have them keep even the table of positions in 8 bits. */
    @ParameterizedTest
    @EnumSource(names = {"F8_E4M3", "F8_E5M2"})
    void encode_eightBitWeights_equalsTheirValuesInF32(DType dtype) {
        Map<String, HostTensor> narrow = new LinkedHashMap<>();
        Map<String, HostTensor> wide = new LinkedHashMap<>();
        Fixture.tensors(HOME)
                .forEach(
                        (name, tensor) -> {
                            HostTensor eight = eightBits(dtype, tensor);
                            narrow.put(name, eight);
                            wide.put(
                                    name,
                                    HostFloats.tensor(
                                            DType.F32, eight.shape(), HostFloats.read(eight)));
                        });
        Path file = folder.resolve("narrow.safetensors");
        Path reference = folder.resolve("wide.safetensors");
        SafetensorsWriter.write(file, narrow, Map.of());
        SafetensorsWriter.write(reference, wide, Map.of());
        Fixture.onCpu(ops -> assertThat(encode(ops, file)).isEqualTo(encode(ops, reference)));
    }

    private static FloatBuffer encode(Ops ops, Path file) {
        T5Config config = T5Config.of(Config.read(HOME.resolve("config.json")));
        try (Weights weights = Weights.open(file);
                T5TextEncoder encoder = new T5TextEncoder(ops, config, weights)) {
            return ops.host().floats(encoder.encode(ops, List.of(new int[] {5, 7, 3, 1})));
        }
    }

    /** The upper bytes of halves: small numbers in either type. */
    private static HostTensor eightBits(DType dtype, HostTensor tensor) {
        ByteBuffer halves =
                HostFloats.tensor(DType.F16, tensor.shape(), HostFloats.read(tensor)).data();
        byte[] upper = new byte[halves.remaining() / 2];
        for (int i = 0; i < upper.length; i++) {
            upper[i] = halves.get(2 * i + 1);
        }
        return new HostTensor(dtype, tensor.shape(), ByteBuffer.wrap(upper));
    }
}
