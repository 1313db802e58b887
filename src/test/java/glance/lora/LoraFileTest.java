package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.io.HostFloats;
import glance.io.Weights;
import glance.lora.KeyMap.Rows;
import glance.lora.KeyMap.Target;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoraFileTest {
    private static final Path FIXTURES = Path.of(System.getProperty("glance.fixtures"));
    private static final Path TINY = Path.of(System.getProperty("glance.weights"), "glance-tiny");
    private static final Map<String, Shape> MODULES =
            Map.of("b.0.to_q", Shape.of(6, 8), "b.0.to_out.0", Shape.of(8, 6));

    @TempDir Path folder;

    /** All of them name seven modules, with the ranks and alphas that their note describes. */
    @ParameterizedTest
    @ValueSource(strings = {"kohya", "comfyui", "no-prefix", "peft-model"})
    void open_namesInTheWild_matchTheModel(String scheme) {
        LoraFile lora =
                LoraFile.open(
                        FIXTURES.resolve("qwenimage-adapter-names/" + scheme + ".safetensors"),
                        KeyMap.identity(),
                        linears(FIXTURES.resolve("qwenimage-transformer")));
        String block = "transformer_blocks.0.";
        assertThat(lora.unmatched()).isEmpty();
        assertThat(lora.pairs())
                .containsOnlyKeys(
                        block + "attn.add_k_proj",
                        block + "attn.to_out.0",
                        block + "attn.to_q",
                        block + "img_mlp.net.0.proj",
                        block + "img_mlp.net.2",
                        block + "img_mod.1",
                        block + "txt_mod.1");
        assertThat(lora.pairs().get(block + "attn.to_q").rank()).isEqualTo(3);
        assertThat(lora.pairs().get(block + "attn.to_q").scale()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"slow, 60", "fast, 60"})
    void open_experts_haveAlphaFromTheHeader(String expert, int modules) {
        LoraFile lora =
                LoraFile.open(
                        FIXTURES.resolve("glance-tiny-pipeline/" + expert + ".safetensors"),
                        KeyMap.identity(),
                        linears(TINY.resolve("transformer")));
        assertThat(lora.unmatched()).isEmpty();
        assertThat(lora.pairs()).hasSize(modules);
        assertThat(lora.pairs().values())
                .allSatisfy(
                        pair -> {
                            assertThat(pair.rank()).isEqualTo(2);
                            assertThat(pair.alpha()).isEqualTo(8);
                            assertThat(pair.scale()).isEqualTo(4);
                        });
    }

    @Test
    void open_mixedNames_matchAll() {
        LoraFile lora =
                LoraFile.open(
                        FIXTURES.resolve("qwenimage-transformer/lora.safetensors"),
                        KeyMap.identity(),
                        linears(FIXTURES.resolve("qwenimage-transformer")));
        assertThat(lora.pairs()).hasSize(24);
        assertThat(lora.unmatched()).isEmpty();
        assertThat(lora.pairs().values()).allSatisfy(p -> assertThat(p.scale()).isEqualTo(4));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "b.0.to_out.0",
                "transformer.b.0.to_out.0",
                "transformer.transformer.b.0.to_out.0",
                "diffusion_model.b.0.to_out.0",
                "model.diffusion_model.b.0.to_out.0",
                "base_model.model.b.0.to_out.0",
                "base_model.model.transformer.b.0.to_out.0",
                "lora_unet_b_0_to_out_0",
                "lora_transformer_b_0_to_out_0",
                "lycoris_b_0_to_out_0",
                "pipe.dit.b.0.to_out.0",
                "unet.b.0.to_out.0",
                "module._orig_mod.b.0.to_out.0",
                "b.0._checkpoint_wrapped_module.to_out.0",
                "b_0_to_out_0"
            })
    void open_anyPrefix_findsTheModule(String name) {
        LoraFile lora = open(new AdapterFiles().pair(name, 2, 6, 8));
        assertThat(lora.pairs()).containsOnlyKeys("b.0.to_out.0");
        assertThat(lora.unmatched()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "b.0.processor.to_q_lora.down.weight, b.0.processor.to_q_lora.up.weight",
        "unet.b.0.to_q_lora.down.weight, unet.b.0.to_q_lora.up.weight",
        "b.0.to_q.lora_A.default_0.default.weight, b.0.to_q.lora_B.default_0.default.weight",
        "b.0.to_q.lora_A.default, b.0.to_q.lora_B.default",
        "b.0.to_q.lora_a.weight, b.0.to_q.lora_b.weight"
    })
    void open_keysOfOtherTools_findTheModule(String down, String up) {
        LoraFile lora = open(new AdapterFiles().tensor(down, 2, 8).tensor(up, 6, 2));
        assertThat(lora.pairs()).containsOnlyKeys("b.0.to_q");
    }

    @Test
    void open_oldProcessor_hasTheOutputUnderItsOldName() {
        String key = "b.0.processor.to_out_lora.";
        AdapterFiles file =
                new AdapterFiles()
                        .tensor(key + "down.weight", 2, 6)
                        .tensor(key + "up.weight", 8, 2);
        assertThat(open(file).pairs()).containsOnlyKeys("b.0.to_out.0");
        assertThat(LoraFile.openByName(file()).pairs()).containsOnlyKeys("b.0.to_out.0");
    }

    /** As diffusers joins them: q, then k, then v. */
    @Test
    void open_fusedProjections_areSplit() {
        Map<String, Shape> modules = new LinkedHashMap<>();
        modules.put("a.to_q", Shape.of(1, 3));
        modules.put("a.to_k", Shape.of(2, 3));
        modules.put("a.to_v", Shape.of(1, 3));
        Path path =
                new AdapterFiles()
                        .tensor("transformer.a.to_qkv.lora_A.weight", 1, 3)
                        .floats("transformer.a.to_qkv.lora_B.weight", Shape.of(4, 1), 1, 2, 3, 4)
                        .write(file());
        LoraFile lora = LoraFile.open(path, KeyMap.identity(), modules);
        assertThat(values(lora, "a.to_q")).containsExactly(1);
        assertThat(values(lora, "a.to_k")).containsExactly(2, 3);
        assertThat(values(lora, "a.to_v")).containsExactly(4);
    }

    @Test
    void open_modelUnderAPrefix_hasItsModules() {
        Map<String, Shape> modules = Map.of("model.diffusion_model.b.0.to_q", Shape.of(6, 8));
        Path path = new AdapterFiles().pair("lora_unet_b_0_to_q", 2, 8, 6).write(file());
        assertThat(LoraFile.open(path, KeyMap.identity(), modules).pairs())
                .containsOnlyKeys("model.diffusion_model.b.0.to_q");
    }

    @Test
    void open_floatsOfEightBits_areHeldExactly() {
        byte[] e4m3 = {0x38, (byte) 0xb8, 0x01, 0x7e, 0x08, 0x00, 0x40, (byte) 0xfe};
        AdapterFiles file =
                new AdapterFiles()
                        .bytes("b.0.to_q.lora_A.weight", DType.F8_E4M3, Shape.of(1, 8), e4m3)
                        .bytes(
                                "b.0.to_q.lora_B.weight",
                                DType.F8_E5M2,
                                Shape.of(6, 1),
                                new byte[] {0x3c, (byte) 0xbc, 0x01, 0x7b, 0x04, 0x40});
        LoraPair pair = open(file).pairs().get("b.0.to_q");
        assertThat(HostFloats.read(pair.a()))
                .containsExactly(1, -1, 0x1p-9f, 448, 0x1p-6f, 0, 2, -448);
        assertThat(HostFloats.read(pair.b())).containsExactly(1, -1, 0x1p-16f, 57344, 0x1p-14f, 2);
    }

    @Test
    void open_ambiguousUnderscores_areRefused() {
        Map<String, Shape> modules = Map.of("a.b_c", Shape.of(8, 8), "a_b.c", Shape.of(8, 8));
        Path path = new AdapterFiles().pair("lora_unet_a_b_c", 2, 8, 8).write(file());
        assertThatThrownBy(() -> LoraFile.open(path, KeyMap.identity(), modules))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("could stand for any of [a.b_c, a_b.c]");
    }

    @Test
    void open_unknownKeys_areListed() {
        LoraFile lora =
                open(
                        new AdapterFiles()
                                .pair("b.0.to_q", 2, 8, 6)
                                .pair("text_encoder.q", 2, 8, 8)
                                .tensor("text_encoder.q.alpha")
                                .tensor("emb_params", 4));
        assertThat(lora.pairs()).containsOnlyKeys("b.0.to_q");
        assertThat(lora.unmatched())
                .containsExactlyInAnyOrder(
                        "text_encoder.q.lora_A.weight",
                        "text_encoder.q.lora_B.weight",
                        "text_encoder.q.alpha",
                        "emb_params");
    }

    @Test
    void open_noMatchAtAll_isRefused() {
        refused(
                new AdapterFiles().pair("c.to_q", 2, 8, 6),
                "none of its 2 tensors has a name that is known here; it has c.to_q.lora_");
        refused(new AdapterFiles().pair("c.to_q", 2, 8, 6), "; expected names such as b.0.to_");
        refused(new AdapterFiles(), "holds no tensors; expected names such as b.0.to_");
    }

    @Test
    void open_mostlyUnknownNames_showsWhatIsThereAndWhatIsExpected() {
        refused(
                new AdapterFiles()
                        .pair("b.0.to_q", 2, 8, 6)
                        .pair("c.0", 2, 8, 6)
                        .pair("c.1", 2, 8, 6),
                "2 of its 3 modules have names that are not known here, such as c.0, c.1; expected"
                        + " names such as b.0.to_");
    }

    @Test
    void open_wrongShape_isRefusedWithBoth() {
        refused(
                new AdapterFiles().pair("b.0.to_q", 2, 7, 6),
                "b.0.to_q.lora_A.weight: is for a weight [out, in] of [6, 7], but that of b.0.to_q is"
                        + " [6, 8]; the adapter is for a model with layers of other sizes");
        refused(
                new AdapterFiles().pair("b.0.to_q", 2, 8, 5),
                "is for a weight [out, in] of [5, 8], but that of b.0.to_q is [6, 8]");
    }

    /** As those of black-forest-labs, whose first layer takes two pictures. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "x_in | x_in.lora_A.weight: is of a control adapter: it needs a control picture as"
                        + " input, beside the 8 channels of x_in",
                "blocks.0.x | is for a weight [out, in] of [6, 16], but that of blocks.0.x is [6, 8]"
            })
    void open_controlAdapter_isRefusedByName(String module, String refusal) {
        Path path =
                new AdapterFiles().pair(module, 2, 16, 6).write(folder.resolve("c.safetensors"));
        Map<String, Shape> modules = Map.of(module, Shape.of(6, 8));
        assertThatThrownBy(() -> LoraFile.open(path, KeyMap.identity(), modules))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining(refusal);
    }

    @Test
    void open_moduleGivenTwice_isRefused() {
        refused(
                new AdapterFiles().pair("b.0.to_q", 2, 8, 6).pair("lora_unet_b_0_to_q", 2, 8, 6),
                "adapts b.0.to_q, which another key adapts already");
    }

    /** One module of the file holds the rows of two modules, the second with its halves swapped. */
    @Test
    void open_fusedRows_areSplit() {
        Map<String, Shape> modules = Map.of("q", Shape.of(1, 3), "k", Shape.of(2, 3));
        KeyMap fused =
                shapes ->
                        Map.of(
                                "qk",
                                List.of(
                                        new Target("q", List.of(new Rows(0, 1))),
                                        new Target("k", List.of(new Rows(2, 1), new Rows(1, 1)))));
        AdapterFiles content =
                new AdapterFiles()
                        .tensor("lora_unet_qk.lora_down.weight", 2, 3)
                        .floats("lora_unet_qk.lora_up.weight", Shape.of(3, 2), 1, 2, 3, 4, 5, 6)
                        .floats("lora_unet_qk.alpha", Shape.of(), 4);
        LoraFile lora = LoraFile.open(content.write(file()), fused, modules);
        assertThat(values(lora, "q")).containsExactly(1, 2);
        assertThat(values(lora, "k")).containsExactly(5, 6, 3, 4);
        assertThat(lora.pairs().get("k").b().shape()).isEqualTo(Shape.of(2, 2));
        assertThat(lora.pairs().get("k").scale()).isEqualTo(2);
        assertThat(lora.pairs().get("k").a()).isSameAs(lora.pairs().get("q").a());

        Path tooShort = new AdapterFiles().pair("qk", 2, 3, 2).write(file());
        assertThatThrownBy(() -> LoraFile.open(tooShort, fused, modules))
                .hasMessageContaining("is for a weight [out, in] of [2, 3], but that of ");
    }

    @Test
    void open_missingOrDamagedFile_isRefused() {
        assertThatThrownBy(() -> LoraFile.open(folder.resolve("none"), KeyMap.identity(), MODULES))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("no such file");
    }

    private static float[] values(LoraFile lora, String module) {
        FloatBuffer floats = lora.pairs().get(module).b().data().asFloatBuffer();
        float[] values = new float[floats.remaining()];
        floats.get(values);
        return values;
    }

    /** Matrices of a component, by module name. */
    static Map<String, Shape> linears(Path component) {
        Map<String, Shape> modules = new LinkedHashMap<>();
        try (Weights weights = Weights.open(component)) {
            weights.tensors()
                    .forEach(
                            (name, info) -> {
                                if (name.endsWith(".weight") && info.shape().rank() == 2) {
                                    modules.put(name.replaceFirst("\\.weight$", ""), info.shape());
                                }
                            });
        }
        return modules;
    }

    private Path file() {
        return folder.resolve("lora.safetensors");
    }

    private LoraFile open(AdapterFiles content) {
        return LoraFile.open(content.write(file()), KeyMap.identity(), MODULES);
    }

    private void refused(AdapterFiles content, String message) {
        assertThatThrownBy(() -> open(content))
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith(file() + ": ")
                .hasMessageContaining(message);
    }
}
