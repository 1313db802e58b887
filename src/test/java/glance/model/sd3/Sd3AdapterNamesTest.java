package glance.model.sd3;

import static org.assertj.core.api.Assertions.assertThat;

import glance.fixtures.Fixture;
import glance.io.Weights;
import glance.lora.KeyMap.Rows;
import glance.lora.KeyMap.Target;
import glance.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Against the names of Stability AI's first release; the case has 64 channels and two blocks. */
class Sd3AdapterNamesTest {
    private static final Map<String, Shape> MODULES = modules();

    private static Map<String, Shape> modules() {
        Map<String, Shape> modules = new LinkedHashMap<>();
        try (Weights weights = Weights.open(Fixture.folder("sd3-transformer"))) {
            weights.tensors()
                    .forEach(
                            (name, info) -> {
                                if (name.endsWith(".weight") && info.shape().rank() == 2) {
                                    modules.put(name.replace(".weight", ""), info.shape());
                                }
                            });
        }
        return modules;
    }

    private static List<Target> names(String theirs) {
        return new Sd3Family().keyMap().names(MODULES).get(theirs);
    }

    private static Target rows(String module, int... beginAndCount) {
        List<Rows> rows = new ArrayList<>();
        for (int i = 0; i < beginAndCount.length; i += 2) {
            rows.add(new Rows(beginAndCount[i], beginAndCount[i + 1]));
        }
        return new Target(module, rows);
    }

    @Test
    void fusedProjections_areTakenApart() {
        assertThat(names("joint_blocks.0.x_block.attn.qkv"))
                .containsExactly(
                        rows("transformer_blocks.0.attn.to_q", 0, 64),
                        rows("transformer_blocks.0.attn.to_k", 64, 64),
                        rows("transformer_blocks.0.attn.to_v", 128, 64));
        assertThat(names("joint_blocks.1.context_block.attn.qkv"))
                .extracting(Target::module)
                .containsExactly(
                        "transformer_blocks.1.attn.add_q_proj",
                        "transformer_blocks.1.attn.add_k_proj",
                        "transformer_blocks.1.attn.add_v_proj");
        assertThat(names("joint_blocks.0.x_block.attn.qkv.1"))
                .containsExactly(rows("transformer_blocks.0.attn.to_k", 0, 64));
    }

    @Test
    void shiftAndScale_changePlacesWhereTheReferenceHasThemSo() {
        assertThat(names("joint_blocks.0.context_block.adaLN_modulation.1"))
                .containsExactly(rows("transformer_blocks.0.norm1_context.linear", 0, 384));
        assertThat(names("joint_blocks.1.context_block.adaLN_modulation.1"))
                .containsExactly(rows("transformer_blocks.1.norm1_context.linear", 64, 64, 0, 64));
        assertThat(names("final_layer.adaLN_modulation.1"))
                .containsExactly(rows("norm_out.linear", 64, 64, 0, 64));
    }

    @Test
    void toolNames_coverEveryModuleOnce() {
        assertThat(
                        new Sd3Family()
                                .keyMap().toolNames(MODULES).values().stream()
                                        .flatMap(List::stream)
                                        .map(Target::module))
                .containsExactlyInAnyOrderElementsOf(MODULES.keySet());
    }
}
