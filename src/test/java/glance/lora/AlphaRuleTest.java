package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.io.SafetensorsFile;
import glance.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AlphaRuleTest {
    private static final String PEFT = "adapter_model.safetensors";

    @TempDir Path folder;

    @Test
    void configBesideIt_givesAlpha() throws IOException {
        config("{'peft_type':'LORA','lora_alpha':16,'r':4}");
        AdapterKeys keys = read(PEFT, pair());
        assertThat(alpha(keys)).isEqualTo(16);
        assertThat(keys.remarks()).isEmpty();
    }

    @Test
    void patterns_areThoseOfPeft() throws IOException {
        config("{'lora_alpha':16,'r':4,'alpha_pattern':{'b\\\\.\\\\d\\\\.to_(q|k)':2,'to_q':3}}");
        AdapterKeys keys =
                read(
                        PEFT,
                        new AdapterFiles()
                                .pair("base_model.model.b.0.to_q", 4, 8, 8)
                                .pair("base_model.model.c.to_q", 4, 8, 8)
                                .pair("base_model.model.to_v", 4, 8, 8));
        assertThat(keys.entries())
                .extracting(AdapterKeys.Entry::alpha)
                .containsExactlyInAnyOrder(2f, 3f, 16f);
    }

    @Test
    void alphaTensor_winsOverAll() throws IOException {
        config("{'lora_alpha':16,'r':4}");
        AdapterFiles file =
                pair().floats("m.alpha", Shape.of(), 3)
                        .metadata("lora_adapter_metadata", "{'lora_alpha':8}")
                        .metadata("lora_alpha", "32");
        assertThat(alpha(read(PEFT, file))).isEqualTo(3);
    }

    @Test
    void headerConfig_winsOverTheOneBesideIt_andThatOverStrings() throws IOException {
        config("{'lora_alpha':16,'r':4}");
        assertThat(alpha(read(PEFT, pair().metadata("lora_alpha", "32")))).isEqualTo(16);
        AdapterKeys keys = read(PEFT, pair().metadata("lora_adapter_metadata", "{'lora_alpha':8}"));
        assertThat(alpha(keys)).isEqualTo(8);
        assertThat(keys.remarks())
                .containsExactly("its header and adapter_config.json disagree; the header counts");
    }

    @Test
    void configBesideAnotherName_countsWhereRanksFit() throws IOException {
        config("{'lora_alpha':16,'r':4}");
        AdapterKeys fits = read("style.safetensors", pair());
        assertThat(alpha(fits)).isEqualTo(16);
        assertThat(fits.remarks())
                .containsExactly("its strength is taken from adapter_config.json beside it");
        config("{'lora_alpha':16,'r':4,'rank_pattern':{'m':8}}");
        AdapterKeys other = read("style.safetensors", pair());
        assertThat(alpha(other)).isEqualTo(4);
        assertThat(other.remarks()).anyMatch(r -> r.contains("other ranks and is not used"));
    }

    @Test
    void configOfAnotherFile_isNotTaken() throws IOException {
        config("{'lora_alpha':16,'r':4}");
        pair().write(folder.resolve(PEFT));
        assertThat(alpha(read("style.safetensors", pair()))).isEqualTo(4);
    }

    @Test
    void otherRanks_areRemarkedOn() throws IOException {
        config("{'lora_alpha':16,'r':8}");
        AdapterKeys keys = read(PEFT, pair());
        assertThat(alpha(keys)).isEqualTo(16);
        assertThat(keys.remarks())
                .containsExactly(
                        "adapter_config.json has other ranks than its matrices, whose ranks count");
    }

    /** Text encoders have keys of their own in the header. */
    @Test
    void headerConfig_isThatOfTheComponent() {
        AdapterKeys keys =
                read(
                        PEFT,
                        new AdapterFiles()
                                .pair("text_encoder.q_proj", 4, 8, 8)
                                .pair("text_encoder_2.q_proj", 4, 8, 8)
                                .pair("transformer.q_proj", 4, 8, 8)
                                .metadata(
                                        "lora_adapter_metadata",
                                        "{'text_encoder.lora_alpha':8,'transformer.lora_alpha':16,"
                                                + "'text_encoder.alpha_pattern':{'^q_proj':2}}"));
        assertThat(keys.entries())
                .extracting(AdapterKeys.Entry::module)
                .containsExactlyInAnyOrder(
                        "text_encoder.q_proj", "text_encoder_2.q_proj", "transformer.q_proj");
        assertThat(keys.entries())
                .extracting(AdapterKeys.Entry::alpha)
                .containsExactlyInAnyOrder(2f, 4f, 16f);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'peft_type':'OFT'} | peft_type: value \"OFT\" is not supported",
                "{'peft_type':'IA3'} | peft_type: value \"IA3\" is not supported",
                "{'peft_type':'LOHA','alpha':8,'init_weights':'abba'} | init_weights: value",
                "{'peft_type':'LOHA','alpha':8,'use_khatri_rao':true} | use_khatri_rao: value",
                "{'lora_alpha':4,'use_dora':true} | its config says use_dora",
                "{'lora_alpha':4,'bias':'all'} | bias: value",
                "{'lora_alpha':4,'lora_bias':true} | its config says lora_bias",
                "{'lora_alpha':4,'init_lora_weights':'pissa_niter_4'} | init_lora_weights: pissa",
                "{'lora_alpha':4,'r':0} | r: must be 1 or more",
                "{'lora_alpha':4,'alpha_pattern':{'(':1}} | alpha_pattern.(: is not a regular",
            })
    void otherKinds_areRefusedByName(String json, String message) throws IOException {
        config(json);
        assertThatThrownBy(() -> read(PEFT, pair()))
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith(folder.toString())
                .hasMessageContaining(message);
    }

    /** PEFT scales two whole factors of a LoKr too, which LyCORIS does not. */
    @Test
    void configOfAFullRankKind_saysItsScale() throws IOException {
        AdapterFiles loha = new AdapterFiles();
        for (String factor : List.of("hada_w1", "hada_w2")) {
            loha.tensor("base_model.model.m." + factor + "_a", 8, 4)
                    .tensor("base_model.model.m." + factor + "_b", 4, 6)
                    .tensor("base_model.model.n." + factor + "_a", 8, 2)
                    .tensor("base_model.model.n." + factor + "_b", 2, 6);
        }
        config(
                "{'peft_type':'LOHA','alpha':16,'r':4,'rank_pattern':{'n':2},"
                        + "'alpha_pattern':{'n':3},'use_effective_conv2d':false}");
        assertThat(scales(loha)).containsExactly(Map.entry("m", 4f), Map.entry("n", 1.5f));
        AdapterFiles lokr =
                new AdapterFiles()
                        .tensor("base_model.model.m.lokr_w1", 2, 2)
                        .tensor("base_model.model.m.lokr_w2", 4, 3)
                        .tensor("base_model.model.n.lokr_w1_a", 2, 4)
                        .tensor("base_model.model.n.lokr_w1_b", 4, 2)
                        .tensor("base_model.model.n.lokr_w2_a", 4, 4)
                        .tensor("base_model.model.n.lokr_w2_b", 4, 3);
        config(
                "{'peft_type':'LOKR','alpha':10,'r':4,'decompose_both':true,"
                        + "'decompose_factor':-1,'use_effective_conv2d':false}");
        assertThat(scales(lokr)).containsExactly(Map.entry("m", 2.5f), Map.entry("n", 2.5f));
        Files.delete(folder.resolve("adapter_config.json"));
        assertThat(scales(lokr)).containsExactly(Map.entry("m", 1f), Map.entry("n", 1f));
        lokr.floats("base_model.model.m.alpha", Shape.of(), 7);
        assertThat(scales(lokr)).containsExactly(Map.entry("m", 1f), Map.entry("n", 1f));
    }

    private Map<String, Float> scales(AdapterFiles content) {
        Map<String, Float> scales = new TreeMap<>();
        LoraFile.openByName(content.write(folder.resolve(PEFT)))
                .updates()
                .forEach(
                        (module, update) ->
                                scales.put(
                                        module,
                                        update.full() instanceof FullRank.Hadamard loha
                                                ? loha.scale()
                                                : ((FullRank.Kronecker) update.full()).scale()));
        return scales;
    }

    @Test
    void silence_isRemarkedOnWhereItIsNotTheRule() {
        assertThat(read(PEFT, pair()).remarks())
                .singleElement()
                .asString()
                .startsWith("nothing says its alpha");
        assertThat(read(PEFT, pair().metadata("software", "{'name':'ai-toolkit'}")).remarks())
                .isEmpty();
        AdapterFiles comfyUi = new AdapterFiles().pair("diffusion_model.m", 4, 8, 8);
        assertThat(read(PEFT, comfyUi).remarks()).isEmpty();
        AdapterFiles kohya =
                new AdapterFiles()
                        .tensor("lora_unet_m.lora_down.weight", 4, 8)
                        .tensor("lora_unet_m.lora_up.weight", 8, 4);
        assertThat(read(PEFT, kohya).remarks()).isEmpty();
        assertThat(read(PEFT, pair().metadata("lora_alpha", "8").metadata("r", "2")).remarks())
                .singleElement()
                .asString()
                .contains("its header says alpha 8, but rank 2 where the matrices have 4");
    }

    private static AdapterFiles pair() {
        return new AdapterFiles().pair("m", 4, 8, 8);
    }

    private static float alpha(AdapterKeys keys) {
        return keys.entries().get(0).alpha();
    }

    private void config(String json) throws IOException {
        Files.writeString(folder.resolve("adapter_config.json"), json.replace('\'', '"'));
    }

    private AdapterKeys read(String name, AdapterFiles content) {
        Path path = content.write(folder.resolve(name));
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            return AdapterKeys.read(file);
        }
    }
}
