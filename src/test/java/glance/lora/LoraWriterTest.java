package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.io.HostFloats;
import glance.io.SafetensorsFile;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LoraWriterTest {
    private static final String TO_Q = "transformer_blocks.0.attn.to_q";
    private static final String TO_OUT = "transformer_blocks.11.attn.to_out.0";
    private static final String OUT = "proj_out";

    @TempDir private Path folder;

    /** Ranks and alphas differ from module to module. */
    @ParameterizedTest
    @EnumSource
    void everyLayout_isReadBackAtTheSameStrength(LoraLayout layout) {
        Map<String, LoraPair> pairs = pairs();
        Path file = folder.resolve("a.safetensors");
        LoraWriter.write(
                file,
                Update.of(pairs),
                Map.of("note", "kept", "lora_alpha", "16", "ss_network_alpha", "16"),
                layout,
                DType.F32);
        Map<String, Shape> modules = new LinkedHashMap<>();
        pairs.forEach((name, pair) -> modules.put(name, Shape.of(9, 8)));
        LoraFile read = LoraFile.open(file, KeyMap.identity(), modules);
        assertThat(read.unmatched()).isEmpty();
        assertThat(read.pairs()).containsOnlyKeys(pairs.keySet());
        pairs.forEach(
                (name, pair) ->
                        assertThat(
                                        Matrices.distance(
                                                Matrices.update(read.pairs().get(name)),
                                                Matrices.update(pair)))
                                .isLessThan(1e-7));
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            assertThat(opened.metadata())
                    .containsEntry("note", "kept")
                    .doesNotContainKey("lora_alpha");
            assertThat(opened.tensors().keySet().stream().anyMatch(key -> key.endsWith(".alpha")))
                    .isEqualTo(layout.isFlat());
        }
        LoraFile byName = LoraFile.openByName(file);
        assertThat(byName.remarks()).isEmpty();
        assertThat(byName.layout()).contains(layout);
        if (!layout.isFlat()) {
            assertThat(byName.pairs()).containsOnlyKeys(pairs.keySet());
        }
    }

    @Test
    void header_saysAlphaIsRankAndNamesTheExceptions() {
        Path file = folder.resolve("a.safetensors");
        LoraWriter.write(
                file, pairs(), Map.of("lora_adapter_metadata", "{\"transformer.lora_alpha\":99}"));
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            assertThat(opened.metadata().get("lora_adapter_metadata"))
                    .contains("\"transformer.r\":3", "\"transformer.lora_alpha\":3")
                    .contains("\"transformer.rank_pattern\":{\"^" + TO_OUT + "\":5}")
                    .contains("\"transformer.alpha_pattern\":{\"^" + TO_OUT + "\":5}")
                    .contains("\"" + TO_Q + "\"");
        }
    }

    /** The name of one module is the end of another's. */
    @Test
    void rankOfOneModule_isNotThatOfOthers() {
        Map<String, LoraPair> pairs = new LinkedHashMap<>();
        pairs.put("block.1." + OUT, Matrices.pair(3, 8, 9, 3, 1));
        pairs.put("block.2." + OUT, Matrices.pair(3, 8, 9, 3, 2));
        pairs.put(OUT, Matrices.pair(5, 8, 9, 5, 3));
        Path file = folder.resolve("a.safetensors");
        LoraWriter.write(file, pairs, Map.of());
        assertThat(LoraFile.openByName(file).pairs().values())
                .allSatisfy(pair -> assertThat(pair.scale()).isEqualTo(1));
    }

    @Test
    void narrowType_isRoundedOnce() {
        Path file = folder.resolve("a.safetensors");
        LoraWriter.write(file, Update.of(pairs()), Map.of(), LoraLayout.DIFFUSERS, DType.BF16);
        LoraPair read = LoraFile.openByName(file).pairs().get(TO_Q);
        LoraPair want = pairs().get(TO_Q);
        float[] b = HostFloats.read(want.b());
        for (int i = 0; i < b.length; i++) {
            b[i] = HostFloats.rounded(DType.BF16, b[i] * want.scale());
        }
        assertThat(read.b().dtype()).isEqualTo(DType.BF16);
        assertThat(HostFloats.read(read.b())).containsExactly(b);
    }

    @Test
    void emptyAdapter_isRefused() {
        assertThatThrownBy(() -> LoraWriter.write(folder.resolve("a"), Map.of(), Map.of()))
                .hasMessageContaining("at least one module");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void valueBeyondTheType_isRefused() {
        LoraPair pair =
                new LoraPair(
                        HostFloats.tensor(DType.F32, Shape.of(1, 1), 1),
                        HostFloats.tensor(DType.F32, Shape.of(1, 1), 1e5f),
                        1);
        Path file = folder.resolve("a.safetensors");
        assertThatThrownBy(
                        () ->
                                LoraWriter.write(
                                        file,
                                        Map.of("m", Update.of(pair)),
                                        Map.of(),
                                        LoraLayout.PEFT,
                                        DType.F16))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "base_model.model.m.lora_B.weight: is not finite as F16; check the values and alpha");
        assertThat(folder).isEmptyDirectory();
    }

    private static Map<String, LoraPair> pairs() {
        Map<String, LoraPair> pairs = new LinkedHashMap<>();
        pairs.put(TO_Q, Matrices.pair(3, 8, 9, 12, 1));
        pairs.put(TO_OUT, Matrices.pair(5, 8, 9, 2, 2));
        pairs.put(OUT, Matrices.pair(3, 8, 9, 3, 3));
        return pairs;
    }
}
