package glance.tools;

import static org.assertj.core.api.Assertions.assertThat;

import glance.io.TensorInfo;
import glance.tensor.DType;
import glance.tensor.Shape;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoredTypesTest {
    private static DType stored(String name, String type, boolean gguf) {
        Shape shape = Shape.of(64, 256);
        TensorInfo info = new TensorInfo(name, DType.BF16, shape, 2 * shape.numel());
        return StoredTypes.of(type, gguf, true).of(info);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "enc.blk.0.attn_rel_b.weight",
                "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
                "transformer_blocks.3.norm1.emb.timestep_embedder.linear_1.weight",
                "transformer_blocks.0.norm1.emb.class_embedder.embedding_table.weight",
                "token_embd.weight"
            })
    void of_tablesAndEmbedders_isTheirOwn(String name) {
        assertThat(stored(name, "q4_k", true)).isEqualTo(DType.BF16);
        assertThat(stored(name, "f8_e4m3", false)).isEqualTo(DType.BF16);
        assertThat(stored(name, "f16", true)).isEqualTo(DType.F16);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "enc.blk.0.attn_q.weight",
                "encoder.block.0.layer.0.SelfAttention.q.weight",
                "transformer_blocks.3.norm1.linear.weight",
                "double_blocks.0.img_mlp.0.weight"
            })
    void of_matricesOfBlocks_isWhatIsAskedFor(String name) {
        assertThat(stored(name, "q4_k", true)).isEqualTo(DType.Q4_K);
        assertThat(stored(name, "f8_e4m3", false)).isEqualTo(DType.F8_E4M3);
    }
}
