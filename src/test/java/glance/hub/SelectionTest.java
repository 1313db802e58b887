package glance.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.hub.Selection.Want;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SelectionTest {
    private static final HubName NAME = HubName.of("some-one/repo").orElseThrow();

    @TempDir private Path snapshot;

    private static Selection of(List<String> names, Want want) {
        return Selection.of(NAME, names, want);
    }

    private static List<String> shards(String stem, int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(i -> String.format("%s-%05d-of-%05d.safetensors", stem, i, count))
                .toList();
    }

    /** As the repository of FLUX.1-dev lists them, with what Qwen-Image-Edit has beside. */
    @Test
    void model_leavesOutWhatTheEngineDoesNotRead() {
        List<String> read = new ArrayList<>();
        read.addAll(
                List.of(
                        "model_index.json",
                        "processor/preprocessor_config.json",
                        "scheduler/scheduler_config.json",
                        "text_encoder/config.json",
                        "text_encoder/model.safetensors",
                        "text_encoder_2/config.json",
                        "text_encoder_2/model.safetensors.index.json",
                        "tokenizer/merges.txt",
                        "tokenizer/special_tokens_map.json",
                        "tokenizer/tokenizer_config.json",
                        "tokenizer/vocab.json",
                        "tokenizer_2/special_tokens_map.json",
                        "tokenizer_2/spiece.model",
                        "tokenizer_2/tokenizer.json",
                        "tokenizer_2/tokenizer_config.json",
                        "transformer/config.json",
                        "transformer/diffusion_pytorch_model.safetensors.index.json",
                        "vae/config.json",
                        "vae/diffusion_pytorch_model.safetensors"));
        read.addAll(shards("text_encoder_2/model", 2));
        read.addAll(shards("transformer/diffusion_pytorch_model", 3));
        List<String> all = new ArrayList<>(read);
        all.addAll(
                List.of(
                        ".gitattributes",
                        "LICENSE.md",
                        "README.md",
                        "ae.safetensors",
                        "dev_grid.jpg",
                        "flux1-dev.safetensors",
                        "text_encoder/model.fp16.safetensors",
                        "text_encoder/pytorch_model.bin",
                        "text_encoder/flax_model.msgpack",
                        "text_encoder/model.onnx",
                        "text_encoder_2/model.safetensors.index.fp16.json",
                        "text_encoder_2/model.fp16-00001-of-00002.safetensors",
                        "transformer/diffusion_pytorch_model.bf16.safetensors",
                        "feature_extractor/preprocessor_config.json",
                        "processor/tokenizer.json",
                        "processor/chat_template.jinja",
                        "safety_checker/model.safetensors",
                        "deep/transformer/config.json",
                        "vae/diffusion_pytorch_model.bin"));
        Selection selection = of(all, Want.MODEL);
        assertThat(selection.main()).isNull();
        assertThat(selection.files()).isEqualTo(read.stream().sorted().toList());
        assertThat(of(all, Want.EITHER)).isEqualTo(selection);
    }

    @Test
    void model_withVariantsOnly_takesOne() {
        List<String> common = List.of("model_index.json", "vae/config.json");
        List<String> all = new ArrayList<>(common);
        all.addAll(shards("vae/diffusion_pytorch_model.fp16", 2));
        all.add("vae/diffusion_pytorch_model.safetensors.index.fp16.json");
        all.addAll(shards("vae/diffusion_pytorch_model.bf16", 2));
        all.add("vae/diffusion_pytorch_model.safetensors.index.bf16.json");
        assertThat(of(all, Want.MODEL).files()).hasSize(5).noneMatch(name -> name.contains("fp16"));
        assertThat(
                        of(
                                        List.of(
                                                "model_index.json",
                                                "vae/diffusion_pytorch_model.fp16.safetensors"),
                                        Want.MODEL)
                                .files())
                .contains("vae/diffusion_pytorch_model.fp16.safetensors");
    }

    @Test
    void model_withPicklesOnly_isRefused() {
        assertThatThrownBy(
                        () ->
                                of(
                                        List.of(
                                                "model_index.json",
                                                "transformer/config.json",
                                                "transformer/diffusion_pytorch_model.bin"),
                                        Want.MODEL))
                .hasMessageStartingWith(
                        "some-one/repo: holds no safetensors files of weights in transformer; ");
    }

    @Test
    void model_ofAnotherLayoutOrKind_isRefused() {
        assertThatThrownBy(() -> of(List.of("flux1-dev.safetensors"), Want.MODEL))
                .hasMessageStartingWith("some-one/repo: holds no model_index.json; ")
                .hasMessageContaining("an adapter is given with --lora");
        assertThatThrownBy(() -> of(List.of("model_index.json"), Want.ADAPTER))
                .hasMessage("some-one/repo: holds a model, no adapter; give it with --model");
    }

    @Test
    void adapter_isTheOneFileWithItsConfig() {
        assertThat(of(List.of("README.md", "x.safetensors", "x.png"), Want.ADAPTER))
                .isEqualTo(new Selection("x.safetensors", List.of("x.safetensors")));
        List<String> peft =
                List.of("adapter_config.json", "adapter_model.safetensors", "x.safetensors");
        assertThat(of(peft, Want.EITHER))
                .isEqualTo(new Selection("adapter_model.safetensors", peft.subList(0, 2)));
        HubName file = HubName.of("some-one/repo/deep/y.safetensors").orElseThrow();
        assertThat(
                        Selection.of(
                                file,
                                List.of("x.safetensors", "deep/y.safetensors", "model_index.json"),
                                Want.ADAPTER))
                .isEqualTo(new Selection("deep/y.safetensors", List.of("deep/y.safetensors")));
    }

    @Test
    void adapter_severalOrNone_isRefusedWithWhatThereIs() {
        assertThatThrownBy(() -> of(List.of("a.safetensors", "b.safetensors"), Want.ADAPTER))
                .hasMessage(
                        "some-one/repo: holds 2 safetensors files; name one of them, such as"
                                + " some-one/repo/a.safetensors, b.safetensors");
        assertThatThrownBy(() -> of(List.of("x.bin"), Want.EITHER))
                .hasMessageContaining("neither is in it");
        HubName file = HubName.of("some-one/repo/y.safetensors").orElseThrow();
        assertThatThrownBy(() -> Selection.of(file, List.of("a.safetensors"), Want.ADAPTER))
                .hasMessage(
                        "some-one/repo/y.safetensors: the repository has no such file; it has"
                                + " a.safetensors");
    }

    @Test
    void missing_isWhatTheIndexesName() throws IOException {
        write(
                "model_index.json",
                "{\"_class_name\": \"X\", \"vae\": [\"d\", \"V\"],"
                        + " \"tokenizer\": [\"t\", \"T\"], \"text_encoder\": [null, null],"
                        + " \"scheduler\": [\"d\", \"S\"], \"safety_checker\": [\"d\", \"S\"]}");
        assertThat(Selection.missing(snapshot))
                .containsExactly(
                        "vae/config.json",
                        "vae/*.safetensors",
                        "tokenizer",
                        "scheduler/scheduler_config.json");
        write("vae/config.json", "{}");
        write(
                "vae/diffusion_pytorch_model.safetensors.index.json",
                "{\"metadata\": {}, \"weight_map\": {\"a\": \"s-00001-of-00002.safetensors\","
                        + " \"b\": \"s-00002-of-00002.safetensors\"}}");
        write("vae/s-00001-of-00002.safetensors", "");
        write("scheduler/scheduler_config.json", "{}");
        write("tokenizer/tokenizer_config.json", "{}");
        write("tokenizer/vocab.json", "{}");
        assertThat(Selection.missing(snapshot))
                .containsExactly("vae/s-00002-of-00002.safetensors", "tokenizer");
        write("vae/s-00002-of-00002.safetensors", "");
        write("tokenizer/merges.txt", "");
        assertThat(Selection.isWhole(snapshot)).isTrue();
    }

    private void write(String name, String text) throws IOException {
        Path file = snapshot.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    /** One file may be one of several that the repository has: only the hub knows. */
    @Test
    void cachedAdapter_isThatWhichIsSure() throws IOException {
        write("x.safetensors", "");
        HubName file = HubName.of("some-one/repo/x.safetensors").orElseThrow();
        assertThat(Selection.cachedAdapter(file, snapshot, false)).isPresent();
        assertThat(Selection.cachedAdapter(NAME, snapshot, false)).isEmpty();
        assertThat(Selection.cachedAdapter(NAME, snapshot, true))
                .contains(snapshot.resolve("x.safetensors"));
        write("y.safetensors", "");
        assertThat(Selection.cachedAdapter(NAME, snapshot, true)).isEmpty();
        write("pytorch_lora_weights.safetensors", "");
        assertThat(Selection.cachedAdapter(NAME, snapshot, false))
                .contains(snapshot.resolve("pytorch_lora_weights.safetensors"));
        write("adapter_model.safetensors", "");
        assertThat(Selection.cachedAdapter(NAME, snapshot, false)).isEmpty();
        assertThat(Selection.cachedAdapter(NAME, snapshot, true)).isPresent();
        write("adapter_config.json", "{}");
        assertThat(Selection.cachedAdapter(NAME, snapshot, false))
                .contains(snapshot.resolve("adapter_model.safetensors"));
    }
}
