package glance.model.flux;

import static org.assertj.core.api.Assertions.assertThat;

import glance.lora.KeyMap.Rows;
import glance.lora.KeyMap.Target;
import glance.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FluxKeyMapTest {
    private static final String DOUBLE = "transformer_blocks.0.";
    private static final String SINGLE = "single_transformer_blocks.0.";
    private static final Map<String, Shape> MODULES = modules();

    /** Names of XLabs, DiffSynth-Studio, black-forest-labs and fused ones of diffusers. */
    @ParameterizedTest
    @CsvSource({
        "double_blocks.0.processor.qkv_lora1, attn.to_q attn.to_k attn.to_v",
        "double_blocks.0.processor.qkv_lora2, attn.add_q_proj attn.add_k_proj attn.add_v_proj",
        "double_blocks.0.processor.proj_lora2, attn.to_add_out",
        "blocks.0.attn.a_to_qkv, attn.to_q attn.to_k attn.to_v",
        "blocks.0.attn.b_to_out, attn.to_add_out",
        "blocks.0.ff_a.2, ff.net.2",
        "double_blocks.0.img_attn.qkv, attn.to_q attn.to_k attn.to_v"
    })
    void doubleBlock_isFoundByEachName(String theirs, String ours) {
        assertThat(names().get(theirs)).isEqualTo(parts(DOUBLE, ours));
    }

    @ParameterizedTest
    @CsvSource({
        "single_blocks.0.processor.qkv_lora, attn.to_q attn.to_k attn.to_v",
        "single_blocks.0.processor.proj_lora, proj_out",
        "single_blocks.0.to_qkv_mlp, attn.to_q attn.to_k attn.to_v proj_mlp",
        "single_blocks.0.linear1, attn.to_q attn.to_k attn.to_v proj_mlp"
    })
    void singleBlock_isFoundByEachName(String theirs, String ours) {
        assertThat(names().get(theirs)).isEqualTo(parts(SINGLE, ours));
    }

    private static Map<String, List<Target>> names() {
        return new FluxKeyMap().names(MODULES);
    }

    private static Map<String, Shape> modules() {
        Map<String, Shape> modules = new LinkedHashMap<>();
        for (String name : List.of("q", "k", "v")) {
            modules.put(DOUBLE + "attn.to_" + name, Shape.of(4, 4));
            modules.put(DOUBLE + "attn.add_" + name + "_proj", Shape.of(4, 4));
            modules.put(SINGLE + "attn.to_" + name, Shape.of(4, 4));
        }
        modules.put(DOUBLE + "attn.to_add_out", Shape.of(4, 4));
        modules.put(DOUBLE + "ff.net.2", Shape.of(4, 16));
        modules.put(SINGLE + "proj_mlp", Shape.of(16, 4));
        modules.put(SINGLE + "proj_out", Shape.of(4, 20));
        return modules;
    }

    /** The parts, one below the other. */
    private static List<Target> parts(String block, String names) {
        List<Target> targets = new ArrayList<>();
        int row = 0;
        for (String name : names.split(" ")) {
            int rows = MODULES.get(block + name).dim(0);
            targets.add(new Target(block + name, List.of(new Rows(row, rows))));
            row += rows;
        }
        return targets;
    }
}
