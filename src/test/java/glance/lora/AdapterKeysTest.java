package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import glance.api.FormatException;
import glance.io.SafetensorsFile;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdapterKeysTest {
    @TempDir Path folder;

    @ParameterizedTest
    @CsvSource({
        "lora_A.weight, lora_B.weight",
        "lora_A.default.weight, lora_B.default.weight",
        "lora.down.weight, lora.up.weight",
        "lora_down.weight, lora_up.weight",
        "lora_linear_layer.down.weight, lora_linear_layer.up.weight",
        "lora_A.weight, lora_up.weight"
    })
    void read_eachSpelling_isOneModule(String down, String up) {
        AdapterKeys keys =
                read(
                        new AdapterFiles()
                                .tensor("m.to_out.0." + down, 2, 8)
                                .tensor("m.to_out.0." + up, 6, 2));
        assertThat(keys.others()).isEmpty();
        assertThat(keys.entries()).hasSize(1);
        AdapterKeys.Entry entry = keys.entries().get(0);
        assertThat(entry.module()).isEqualTo("m.to_out.0");
        assertThat(entry.rank()).isEqualTo(2);
        assertThat(entry.alpha()).as("alpha is the rank if none is given").isEqualTo(2);
        assertThat(entry.parts().get(Role.DOWN).name()).isEqualTo("m.to_out.0." + down);
        assertThat(entry.parts().get(Role.UP).name()).isEqualTo("m.to_out.0." + up);
    }

    @Test
    void read_alphaTensor_ofAnyNumberType() {
        assertThat(alpha(pair().floats("m.alpha", Shape.of(1), 3.5f))).isEqualTo(3.5f);
        assertThat(alpha(pair().bits("m.alpha", DType.F32, Float.floatToIntBits(8)))).isEqualTo(8);
        assertThat(alpha(pair().bits("m.alpha", DType.BF16, 0x4100))).isEqualTo(8);
        assertThat(alpha(pair().bits("m.alpha", DType.F16, 0x4800))).isEqualTo(8);
        assertThat(alpha(pair().bits("m.alpha", DType.F16, 0xc500))).isEqualTo(-5);
        assertThat(alpha(pair().bits("m.alpha", DType.F16, 0x0001))).isEqualTo(0x1p-24f);
        assertThat(alpha(pair().bits("m.alpha", DType.I64, 16))).isEqualTo(16);
        assertThat(alpha(pair().bits("m.alpha", DType.I32, 16))).isEqualTo(16);
        long double24 = Double.doubleToLongBits(24);
        assertThat(alpha(pair().bits("m.alpha", DType.F64, double24))).isEqualTo(24);
    }

    @Test
    void read_metadata_givesAlphaWhereNoTensorDoes() {
        AdapterFiles file =
                new AdapterFiles()
                        .pair("transformer.a.to_q", 4, 8, 8)
                        .pair("transformer.a.to_k", 4, 8, 8)
                        .pair("transformer.b.to_k", 4, 8, 8)
                        .pair("transformer.b.to_v", 4, 8, 8)
                        .floats("transformer.b.to_v.alpha", Shape.of(), 7)
                        .metadata(
                                "lora_adapter_metadata",
                                "{'transformer.r':4,'transformer.lora_alpha':16,"
                                        + "'transformer.alpha_pattern':{'^b.to_k':3,'to_k':2}}");
        assertThat(read(file).entries())
                .extracting(AdapterKeys.Entry::module, AdapterKeys.Entry::alpha)
                .containsExactlyInAnyOrder(
                        tuple("transformer.a.to_q", 16f),
                        tuple("transformer.a.to_k", 2f),
                        tuple("transformer.b.to_k", 3f),
                        tuple("transformer.b.to_v", 7f));
    }

    @Test
    void read_rankStabilised_dividesByTheRootOfTheRank() {
        AdapterFiles file =
                pair4().metadata("lora_adapter_metadata", "{'lora_alpha':8,'use_rslora':true}");
        // alpha / sqrt(4) = 4 = 16 / 4
        assertThat(read(file).entries().get(0).alpha()).isEqualTo(16f);
    }

    @Test
    void read_metadataWithoutAlpha_leavesTheRank() {
        AdapterFiles file = pair4().metadata("lora_adapter_metadata", "{'transformer.r':4}");
        assertThat(read(file).entries().get(0).alpha()).isEqualTo(4f);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{ | lora_adapter_metadata: is not valid JSON",
                "{'lora_alpha':'x'} | lora_adapter_metadata.lora_alpha: expected a number",
                "{'transformer.use_dora':true} | its config says use_dora, but it holds no lora_magnitude",
                "{'alpha_pattern':{'a.(':1}} | lora_adapter_metadata.alpha_pattern.a.(: is not a regular",
            })
    void read_badMetadata_isRefused(String json, String message) {
        refused(pair4().metadata("lora_adapter_metadata", json), message);
    }

    @Test
    void read_loneMatrix_isRefused() {
        refused(
                pair().tensor("n.lora_A.weight", 2, 8),
                "n.lora_A.weight: has no up (lora_B) matrix beside it");
        refused(
                pair().tensor("n.lora_up.weight", 8, 2),
                "n.lora_up.weight: has no down (lora_A) matrix beside it");
    }

    @Test
    void read_differentRanks_areRefusedWithBothShapes() {
        refused(
                new AdapterFiles().tensor("m.lora_A.weight", 4, 8).tensor("m.lora_B.weight", 8, 3),
                "m.lora_B.weight: is [8, 3], but m.lora_A.weight is [4, 8], of rank 4");
    }

    @Test
    void read_matrixGivenTwice_isRefused() {
        refused(
                pair().tensor("m.lora.down.weight", 2, 8),
                "m.lora_A.weight: gives what m.lora.down.weight gives already");
    }

    @Test
    void read_noMatrix_isRefused() {
        refused(
                new AdapterFiles().tensor("m.lora_A.weight", 0, 8).tensor("m.lora_B.weight", 8, 0),
                "m.lora_A.weight: must be a matrix [rank, in], got [0, 8]");
    }

    @Test
    void read_matrixOfIntegers_isRefused() {
        refused(
                pair().zeros("m.lora_A.weight", DType.I64, 2, 8),
                "m.lora_A.weight: must hold real numbers, got I64");
    }

    @Test
    void read_badAlpha_isRefused() {
        refused(pair().tensor("m.alpha", 2), "m.alpha: must be one number, got shape [2]");
        refused(
                pair().bits("m.alpha", DType.F32, Float.floatToIntBits(Float.NaN)),
                "m.alpha: must be finite, got NaN");
        refused(pair().bits("m.alpha", DType.F16, 0x7c00), "m.alpha: must be finite, got Infinity");
        refused(pair().bits("m.alpha", DType.BOOL, 1), "m.alpha: must be a number, got BOOL");
    }

    @ParameterizedTest
    @CsvSource({
        "m.hada_t1, part of a Tucker-decomposed LoHa adapter",
        "m.lokr_t2, part of a Tucker-decomposed LoKr adapter",
        "m.oft_blocks, part of an OFT adapter",
        "m.oft_R.weight, part of an OFT adapter",
        "m.boft_R, part of an OFT adapter",
        "m.b2.weight, part of a GLoRA adapter",
        "m.ia3_l, part of an (IA)3 adapter",
        "m.lora_mid.weight, part of a Tucker-decomposed adapter",
        "m.set_weight, a whole weight in place of the model's"
    })
    void read_unsupportedKind_isRefusedByName(String key, String kind) {
        refused(pair().tensor(key, 8), key + ": is " + kind + ", which is not supported; use");
    }

    @Test
    void read_toLook_keepsWhatCanBeUsedAndSaysWhatCannot() {
        Path path =
                pair().pair("n", 4, 8, 8)
                        .tensor("n.oft_blocks", 8)
                        .tensor("lone.lora_A.weight", 2, 8)
                        .metadata("lora_adapter_metadata", "{")
                        .write(folder.resolve("lora.safetensors"));
        List<FormatException> problems = new ArrayList<>();
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            AdapterKeys keys = AdapterKeys.read(file, problems::add);
            assertThat(keys.entries())
                    .extracting(AdapterKeys.Entry::module, AdapterKeys.Entry::alpha)
                    .containsExactlyInAnyOrder(tuple("m", 2f), tuple("n", 4f));
            assertThat(keys.others())
                    .containsExactlyInAnyOrder("n.oft_blocks", "lone.lora_A.weight");
        }
        assertThat(problems)
                .extracting(Throwable::getMessage)
                .anyMatch(m -> m.contains("n.oft_blocks: is part of an OFT adapter"))
                .anyMatch(m -> m.contains("lone.lora_A.weight: has no up"))
                .anyMatch(m -> m.contains("is not valid JSON"))
                .hasSize(3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "m.lora_A.weight 2 8, m.lora_B.weight 8 2 | 2 | LoRA",
                "m.lora_A.weight 2 8 3 3, m.lora_B.weight 8 2 1 1 | 2 | LoRA",
                "m.lora_down.weight 2 8, m.lora_up.weight 8 2, m.dora_scale 8 1 | 2 | DoRA",
                "m.lora_A.w 2 8, m.lora_B.w 8 2, m.lora_magnitude_vector.w 8 | 2 | DoRA",
                "m.lora_A.n.weight 2 8, m.lora_B.n.weight 8 2, m.lora_B.n.bias 8 | 2 | LoRA with bias",
                "m.lora_up.weight 8 2, m.lora_down.weight 2 8, m.diff_b 8 | 2 | LoRA with bias",
                "m.hada_w1_a 8 3, m.hada_w1_b 3 6, m.hada_w2_a 8 2, m.hada_w2_b 2 6 | 3 | LoHa",
                "m.lokr_w1 2 2, m.lokr_w2 4 3 | 0 | LoKr",
                "m.lokr_w1 2 2, m.lokr_w2_a 4 2, m.lokr_w2_b 2 3 | 2 | LoKr",
                "m.diff 8 6, m.diff_b 8 | 0 | whole weights",
                "m.w_norm 8 | 0 | whole weights",
                "m.diff_b 8 | 0 | bias alone"
            })
    void read_everyKind_isToldByItsKeys(String tensors, int rank, String kind) {
        Path path = tensors(tensors).write(folder.resolve("lora.safetensors"));
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            AdapterKeys keys = AdapterKeys.read(file);
            assertThat(keys.others()).isEmpty();
            assertThat(keys.entries()).hasSize(1);
            AdapterKeys.Entry entry = keys.entries().get(0);
            assertThat(entry.module()).isEqualTo("m");
            assertThat(entry.rank()).isEqualTo(rank);
            assertThat(entry.update(file).kind()).isEqualTo(kind);
            assertThat(entry.update(file).shape().dim(0)).isEqualTo(8);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "m.hada_w1_a 8 3, m.hada_w1_b 3 6, m.hada_w2_a 8 2 | m.hada_w2_a: has no w2_b matrix",
                "m.hada_w1_a 8 3, m.hada_w1_b 3 6, m.hada_w2_a 8 2, m.hada_w2_b 2 5 | m.hada_w2_a: and",
                "m.hada_w1_a 8 3, m.hada_w1_b 2 6, m.hada_w2_a 8 2, m.hada_w2_b 2 6 | one rank",
                "m.lokr_w1 2 2 | m.lokr_w1: has no other factor beside it",
                "m.lokr_w1 2 2, m.lokr_w2_a 4 2 | m.lokr_w2_a: has no w_b matrix beside it",
                "m.lora_A.w 2 8, m.lora_B.w 8 2, m.dora_scale 1 8 | m.dora_scale: must be 8 real",
                "m.lora_A.w 2 8, m.lora_B.w 8 2, m.lora_B.bias 7 | m.lora_B.bias: must be 8 real",
                "m.diff 8 6, m.diff_b 6 | m.diff_b: must be 8 real numbers, got F32 [6]",
                "m.lokr_w1 2 2, m.lokr_w2 4 3, m.dora_scale 8 1 | m.dora_scale: is the length of rows"
            })
    void read_incompleteKind_isRefused(String tensors, String message) {
        refused(tensors(tensors), message);
    }

    /** Tensors as names and sizes: {@code m.lokr_w1 2 2, m.alpha}. */
    private static AdapterFiles tensors(String text) {
        AdapterFiles files = new AdapterFiles();
        for (String tensor : text.split(", ")) {
            String[] words = tensor.split(" ");
            int[] dims = Stream.of(words).skip(1).mapToInt(Integer::parseInt).toArray();
            files.tensor(words[0], dims);
        }
        return files;
    }

    @ParameterizedTest
    @ValueSource(strings = {"n.alpha", "m.weight", "draft", "m.different"})
    void read_otherKeys_areListed(String key) {
        assertThat(read(pair().tensor(key, 1)).others()).containsExactly(key);
    }

    private static AdapterFiles pair() {
        return new AdapterFiles().pair("m", 2, 8, 8);
    }

    private static AdapterFiles pair4() {
        return new AdapterFiles().pair("m", 4, 8, 8);
    }

    private float alpha(AdapterFiles file) {
        return read(file).entries().get(0).alpha();
    }

    private AdapterKeys read(AdapterFiles content) {
        Path path = content.write(folder.resolve("lora.safetensors"));
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            return AdapterKeys.read(file);
        }
    }

    private void refused(AdapterFiles content, String message) {
        assertThatThrownBy(() -> read(content))
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith(folder.resolve("lora.safetensors") + ": ")
                .hasMessageContaining(message);
    }
}
