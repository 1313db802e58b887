package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.fixtures.ScaledTwin;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Scales beside weights: what is read, and what is refused. */
class ScaledWeightsTest {
    private static final int OUT = 2;
    private static final int IN = 8;

    @TempDir private Path folder;

    private final Map<String, HostTensor> tensors = new LinkedHashMap<>();

    private Weights open(Map<String, String> metadata) {
        Path file = folder.resolve("model.safetensors");
        SafetensorsWriter.write(file, tensors, metadata);
        return Weights.open(file);
    }

    private void weight(DType dtype) {
        int bytes = (int) dtype.bytes((long) OUT * IN);
        tensors.put(
                "m.weight", new HostTensor(dtype, Shape.of(OUT, IN), ByteBuffer.allocate(bytes)));
    }

    private void scale(String name, float... values) {
        tensors.put(name, HostFloats.tensor(DType.F32, Shape.of(values.length), values));
    }

    @Test
    void header_saysHowLayersAreStored() {
        weight(DType.I8);
        scale("m.weight_scale", 2, 3);
        String layers =
                "{\"format_version\": \"1.0\", \"layers\": {\"m\": {\"format\": \"int8_tensorwise\","
                        + " \"params\": {\"convrot\": true, \"convrot_groupsize\": 4}}}}";
        try (Weights weights = open(Map.of("_quantization_metadata", layers))) {
            assertThat(weights.tensors()).containsOnlyKeys("m.weight");
            assertThat(weights.metadata()).isEmpty();
            assertThat(weights.foreign()).isNull();
            assertThat(weights.quantised()).isNotNull();
            assertThat(weights.scaling("m.weight").group()).isEqualTo(4);
            assertThat(HostFloats.read(weights.scaling("m.weight").rows(OUT)))
                    .containsExactly(2, 3);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "mxfp8, F8_E4M3",
        "nvfp4, U8",
        "convrot_w4a4, I8",
        "asym_w4a8_int8, I8",
        "awq_w4a16, I32",
        "svdquant_w4a4, I8"
    })
    void otherFormats_areListed_andRefusedByName(String format, DType dtype) {
        weight(dtype);
        scale("m.weight_scale", 1, 1, 1);
        tensors.put("m.comfy_quant", ScaledTwin.text("{\"format\": \"" + format + "\"}"));
        try (Weights weights = open(Map.of())) {
            assertThat(weights.tensors()).containsOnlyKeys(tensors.keySet());
            String refusal = "is quantised with " + format + ", which is not supported; fetch";
            assertThat(weights.foreign()).hasMessageContaining(refusal);
            assertThat(weights.quantised()).hasMessageContaining(refusal);
            Weights view = weights.view(Map.of("x", List.of(rows(weights))));
            assertThat(view.foreign()).hasMessageContaining(refusal);
        }
    }

    private static Weights.Rows rows(Weights weights) {
        return Weights.Rows.of(weights.tensors().get("m.weight"));
    }

    @Test
    void wholeNumbers_thatNothingIsSaidOf_areRefused() {
        weight(DType.I8);
        scale("m.weight_scale", 1);
        try (Weights weights = open(Map.of())) {
            assertThat(weights.foreign()).hasMessageContaining("(m.weight is I8)");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                // dtype, scales, what is said, refusal
                "F8_E4M3 | 1 1 1 | - | m.weight_scale: must be one number, or one for each row of"
                        + " [2, 8], got [3]",
                "F8_E4M3 | '' | - | m.weight_scale: must be one number, or one for each row of"
                        + " [2, 8], got [0]",
                "F8_E4M3 | NaN | - | m.weight_scale: must be numbers of a size from 1e-30 to 1e30,"
                        + " got NaN",
                "F8_E5M2 | 1 Infinity | - | m.weight_scale: must be numbers of a size",
                "F8_E4M3 | 1 0 | - | m.weight_scale: must be numbers of a size",
                "F8_E4M3 | 1 | {format | m.comfy_quant: is not valid JSON",
                "F8_E4M3 | 1 | [] | m.comfy_quant: not a single JSON object",
                "F8_E4M3 | 1 | {} | m.comfy_quant: names no format",
                "I8 | 1 | {'format': 7} | m.comfy_quant: names no format",
                "I8 | 1 | {'format': 'float8_e4m3fn'} | m.weight: is I8, and marked as float8_e4m3fn",
                "F8_E4M3 | 1 | {'format': 'int8_tensorwise'} | m.weight: is F8_E4M3, and marked as"
                        + " int8_tensorwise",
                "U8 | 1 | {'format': 'float8_e4m3fn'} | m.weight: is U8, and marked as",
                "I8 | - | {'format': 'int8_tensorwise'} | m.weight: is marked as int8_tensorwise, and"
                        + " has no weight_scale",
                "I8 | 1 | {'format': 'int8_tensorwise', 'convrot': true, 'convrot_groupsize': 0} |"
                        + " m.comfy_quant: convrot_groupsize must be a power of 4 up to 1024, got 0",
                "I8 | 1 | {'format': 'int8_tensorwise', 'convrot': true, 'convrot_groupsize': 8} |"
                        + " m.comfy_quant: convrot_groupsize must be a power of 4 up to 1024, got 8",
                "I8 | 1 | {'format': 'int8_tensorwise', 'convrot': true, 'convrot_groupsize': 'x'} |"
                        + " m.comfy_quant: convrot_groupsize must be a power of 4",
                "I8 | 1 | {'format': 'int8_tensorwise', 'convrot': true, 'convrot_groupsize': 16} |"
                        + " m.weight: [2, 8] cannot be rotated in groups of 16 columns",
                // a group that is not named has 256 columns
                "I8 | 1 | {'format': 'int8_tensorwise', 'convrot': true} |"
                        + " m.weight: [2, 8] cannot be rotated in groups of 256 columns",
            })
    void damage_isNamed(DType dtype, String scales, String mark, String refusal) {
        weight(dtype);
        if (scales != null) {
            String[] words = scales.isEmpty() ? new String[0] : scales.split(" ");
            float[] values = new float[words.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = Float.parseFloat(words[i]);
            }
            scale("m.weight_scale", values);
        }
        if (mark != null) {
            tensors.put("m.comfy_quant", ScaledTwin.text(mark.replace('\'', '"')));
        }
        refused(refusal, Map.of());
    }

    @Test
    void layersThatAreNotThere_areNamed() {
        weight(DType.F8_E4M3);
        scale("m.weight_scale", 1);
        refused(
                "_quantization_metadata: says how n.weight is stored, which is not there",
                Map.of(
                        "_quantization_metadata",
                        "{\"layers\": {\"n\": {\"format\": \"float8_e4m3fn\"}}}"));
        tensors.put("n.comfy_quant", ScaledTwin.text("{\"format\": \"float8_e4m3fn\"}"));
        refused("n.comfy_quant: says how n.weight is stored, which is not there", Map.of());
        tensors.remove("n.comfy_quant");
        scale("n.scale_weight", 1);
        refused("n.scale_weight: has no n.weight beside it", Map.of());
    }

    @Test
    void scales_ofWholeNumbers_areRefused() {
        weight(DType.F8_E4M3);
        tensors.put(
                "m.weight_scale",
                new HostTensor(DType.U8, Shape.of(OUT), ByteBuffer.allocate(OUT)));
        refused("m.weight_scale: must be floats, got U8", Map.of());
    }

    /** What other bytes say is read or refused, never more. */
    @Test
    void anyDamage_isReadOrRefused() throws IOException {
        weight(DType.I8);
        scale("m.weight_scale", 2, 3);
        tensors.put("n.weight", HostFloats.tensor(DType.F8_E4M3, Shape.of(2, 2), 1, 2, 3, 4));
        scale("n.scale_weight", 2, 3);
        tensors.put(
                "m.comfy_quant",
                ScaledTwin.text(
                        "{\"format\": \"int8_tensorwise\", \"convrot\": true,"
                                + " \"convrot_groupsize\": 4}"));
        open(Map.of()).close();
        Path file = folder.resolve("model.safetensors");
        byte[] content = Files.readAllBytes(file);
        Random random = new Random(1);
        int opened = 0;
        for (int i = 0; i < 4000; i++) {
            byte[] damaged = content.clone();
            for (int flips = random.nextInt(4); flips >= 0; flips--) {
                damaged[random.nextInt(damaged.length)] = (byte) (32 + random.nextInt(96));
            }
            Files.write(file, damaged);
            try (Weights weights = Weights.open(file)) {
                weights.foreign();
                for (String name : weights.tensors().keySet()) {
                    Scaling scaling = weights.scaling(name);
                    if (scaling != Scaling.NONE) {
                        scaling.values(weights.tensor(name));
                    }
                }
                opened++;
            } catch (FormatException e) {
                assertThat(e).hasMessageStartingWith(file.toString());
            }
        }
        assertThat(opened).isBetween(100, 3900);
    }

    private void refused(String refusal, Map<String, String> metadata) {
        assertThatThrownBy(() -> open(metadata))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("model.safetensors: " + refusal);
    }
}
