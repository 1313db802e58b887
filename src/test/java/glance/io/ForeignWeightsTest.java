package glance.io;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.FormatException;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights that other programs wrote for themselves. */
class ForeignWeightsTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "x.weight.quant_state.bitsandbytes__nf4 | U8 | bitsandbytes (nf4)",
                "x.weight.absmax | U8 | bitsandbytes (4 bit)",
                "x.SCB | F32 | bitsandbytes (int8)",
                "x.weight._data | I8 | quanto",
                "scaled_fp8 | F8_E4M3 | scales that are not in it (scaled_fp8)",
                "x.scale_weight | F32 | scales for blocks (x.scale_weight)",
                "x.weight_scale | F32 | scales for blocks (x.weight_scale)",
                "x.weight_scale_2 | F32 | scales of blocks or inputs",
                "x.pre_quant_scale | BF16 | scales of blocks or inputs",
                "x.weight_scale_inv | F32 | fp8 in blocks",
                "x.wscales | BF16 | nunchaku (SVDQuant)",
                "x.qzeros | I32 | AWQ or GPTQ",
                "x.g_idx | I32 | GPTQ",
                "x.weight_packed | I32 | compressed-tensors",
                "x:_weight_qdata | I8 | torchao",
                "y.weight | F4 | a tool that it does not name (y.weight is F4)",
                "y.weight | I8 | a tool that it does not name (y.weight is I8)"
            })
    void quantised_namesTheQuantiser(String key, DType dtype, String name) {
        assertThat(refusal(Map.of("x.weight", DType.BF16, key, dtype)))
                .contains("is quantised with " + name + ", which is not supported; fetch");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'quant_method': 'bitsandbytes', 'load_in_4bit': true, 'bnb_4bit_quant_type': 'nf4' | bitsandbytes nf4",
                "'quant_method': 'bitsandbytes', 'load_in_8bit': true, 'load_in_4bit': false | bitsandbytes int8",
                "'quant_method': 'quanto', 'weights_dtype': 'int8' | quanto",
                "'quant_method': 'gguf' | gguf"
            })
    void config_namesTheQuantiser(String settings, String name) throws IOException {
        config(settings);
        assertThat(refusal(Map.of("x.weight", DType.U8)))
                .contains("is quantised with " + name + " (quantization_config in config.json)");
    }

    /** Whoever saved such weights unquantised left the config as it was. */
    @Test
    void configAlone_isNoReason() throws IOException {
        config("'quant_method': 'bitsandbytes'");
        assertThat(refusal(Map.of("x.weight", DType.BF16))).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model.diffusion_model.input_blocks.0.0.weight | a UNet",
                "transformer.x.lora_A.weight | an adapter; give it to --lora"
            })
    void otherLayout_isNamed(String key, String name) {
        assertThat(refusal(Map.of(key, DType.BF16))).contains(": holds " + name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "transformer_blocks.0.attn.to_q.weight",
                "encoder.down_blocks.0.resnets.0.conv1.weight",
                "text_model.embeddings.position_ids",
                "blocks.0.attn1.to_q.weight",
                "decoder.upsamples.0.residual.2.weight",
                "model.diffusion_model.joint_blocks.3.x_block.attn.qkv.weight"
            })
    void layoutOfDiffusers_isNoReason(String key) {
        assertThat(refusal(Map.of(key, DType.F8_E4M3, "text_model.ids", DType.I64))).isNull();
    }

    private void config(String settings) throws IOException {
        Files.writeString(
                folder.resolve("config.json"),
                "{\"quantization_config\": {" + settings.replace('\'', '"') + "}}");
    }

    private String refusal(Map<String, DType> dtypes) {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        dtypes.forEach(
                (name, dtype) ->
                        tensors.put(
                                name,
                                new HostTensor(
                                        dtype,
                                        Shape.of(2, 4),
                                        ByteBuffer.allocate((int) dtype.bytes(8)))));
        SafetensorsWriter.write(folder.resolve("model.safetensors"), tensors, Map.of());
        try (Weights weights = Weights.open(folder)) {
            FormatException refusal = weights.foreign();
            return refusal == null ? null : refusal.getMessage();
        }
    }
}
