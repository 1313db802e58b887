package glance.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.RequestException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PromptsTest {
    @TempDir Path folder;

    private final Prompts prompts = prompts("glance-tiny", "{}");

    private Prompts prompts(String model, String defaults) {
        String adapters = folder == null ? null : folder.toString();
        return new Prompts(model, defaults, new Adapters(adapters, new Configuration(false)));
    }

    private Prompts.Wanted read(String json) {
        return prompts("glance-tiny", "{}").read(Columns.parse(json));
    }

    /** A change of these names would draw everything in every folder again. */
    @Test
    void name_ofARow_isThatOfEveryRelease() {
        assertThat(read("{\"prompt\": \"a red circle\", \"seed\": 7}").file())
                .isEqualTo("pictures/cb88a590e40c561b2c2a.png");
        assertThat(read("{\"prompt\": \"a red circle\"}").file())
                .isEqualTo("pictures/e52a50f34ee8e43e9b80.png");
    }

    @Test
    void name_ofEqualRows_isTheSameHoweverTheyAreWritten() {
        String name =
                read("{\"prompt\": \"a\", \"seed\": 7, \"size\": \"64x64\", \"plan\": \"uniform-4\"}")
                        .file();
        assertThat(
                        read("{\"plan\": 4, \"size\": \"64X64\", \"seed\": \"7\","
                                        + " \"prompt\": \"a\", \"mood\": \"calm\"}")
                                .file())
                .isEqualTo(name);
        assertThat(
                        prompts("glance-tiny", "{\"plan\": \"uniform-4\", \"size\": \"64x64\"}")
                                .read(Columns.parse("{\"prompt\": \"a\", \"seed\": 7}"))
                                .file())
                .isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"prompt\": \"b\", \"seed\": 7}",
                "{\"prompt\": \"a\", \"seed\": 8}",
                "{\"prompt\": \"a\", \"seed\": 7, \"size\": \"64x64\"}",
                "{\"prompt\": \"a\", \"seed\": 7, \"plan\": \"glance\"}",
                "{\"prompt\": \"a\", \"seed\": 7, \"negative_prompt\": \"b\"}",
                "{\"prompt\": \"a\", \"seed\": 7, \"guidance\": 2}",
                "{\"prompt\": \"a\", \"seed\": 7, \"embedded_guidance\": 2}",
                "{\"prompt\": \"a\", \"seed\": 7, \"max_prompt_tokens\": 20}",
                "{\"prompt\": \"a\", \"seed\": 7, \"lora\": []}",
            })
    void name_ofAnotherPicture_isAnother(String json) {
        Prompts.Wanted one = read("{\"prompt\": \"a\", \"seed\": 7}");
        assertThat(read(json).hash()).isNotEqualTo(one.hash());
    }

    @Test
    void name_ofAnotherModel_isAnother() {
        Columns row = Columns.parse("{\"prompt\": \"a\", \"seed\": 7}");
        assertThat(prompts("other", "{}").read(row).hash()).isNotEqualTo(prompts.read(row).hash());
    }

    @Test
    void name_withAnAdapter_followsItsContent() throws Exception {
        Path file = folder.resolve("style.safetensors");
        Files.writeString(file, "one");
        Files.copy(file, folder.resolve("same.safetensors"));
        Files.writeString(folder.resolve("other.safetensors"), "two");
        String hash =
                withLora("[{\"file\": \"style\", \"scale\": 0.8, \"steps\": \"1-2\"}]").hash();
        assertThat(
                        withLora(
                                        "[{\"file\": \"same.safetensors\", \"scale\": \"0.8\", \"steps\": \"1-2\"}]")
                                .hash())
                .isEqualTo(hash);
        assertThat(withLora("\"style:0.8@1-2\"").hash()).isEqualTo(hash);
        assertThat(withLora("\"other:0.8@1-2\"").hash()).isNotEqualTo(hash);
        assertThat(withLora("\"style:0.7@1-2\"").hash()).isNotEqualTo(hash);
        assertThat(withLora("\"style:0.8@1-3\"").hash()).isNotEqualTo(hash);
        assertThat(withLora("\"style:0.8;other@2\"").names())
                .containsExactly("style:0.8", "other@2");
    }

    private Prompts.Wanted withLora(String lora) {
        return read("{\"prompt\": \"a\", \"seed\": 7, \"lora\": " + lora + "}");
    }

    @Test
    void seed_thatIsMissing_followsFromTheRow() {
        long seed = read("{\"prompt\": \"a\"}").request().seed().orElseThrow();
        assertThat(read("{\"prompt\": \"a\"}").request().seed()).contains(seed);
        assertThat(read("{\"prompt\": \"b\"}").request().seed().orElseThrow()).isNotEqualTo(seed);
        assertThat(seed).isBetween(0L, (1L << 32) - 1);
        assertThat(read("{\"prompt\": \"a\", \"seed\": " + seed + "}").file())
                .isEqualTo(read("{\"prompt\": \"a\"}").file());
    }

    @ParameterizedTest
    @CsvSource({
        "fox 12/a, fox-12-a-",
        "../../etc/passwd, etc-passwd-",
        "_hidden, hidden-",
        "日本, 日本-",
        "???, ''"
    })
    void id_ofARow_isMadeSafeForFiles(String id, String start) {
        String hash = read("{\"prompt\": \"a\"}").hash();
        assertThat(read("{\"prompt\": \"a\", \"id\": \"" + id + "\"}").file())
                .isEqualTo("pictures/" + start + hash + ".png");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{} | prompt: is missing or empty; say what to draw",
                "{\"prompt\": \" \"} | prompt: is missing or empty; say what to draw",
                "{\"prompt\": \"a\", \"size\": \"big\"} | size 'big': expected WIDTHxHEIGHT",
                "{\"prompt\": \"a\", \"plan\": \"slow\"} | plan 'slow': expected one of full,",
                "{\"prompt\": \"a\", \"plan\": {\"off\": 1}} | plan: ",
                "{\"prompt\": \"a\", \"plan\": \"{of\"} | plan: is not JSON",
                "{\"prompt\": \"a\", \"guidance\": \"x\"} | guidance: must be a number, got \"x\"",
                "{\"prompt\": \"a\", \"lora\": [{\"scale\": 1}]} | lora: each needs a file",
                "{\"prompt\": \"a\", \"lora\": \"none\"} | lora: no adapter is called 'none'",
                "{\"prompt\": \"a\", \"lora\": 3} | lora: must be a list of",
            })
    void row_thatMakesNoSense_isRefusedInOneLine(String json, String message) {
        assertThatThrownBy(() -> read(json))
                .isInstanceOf(RequestException.class)
                .hasMessageStartingWith(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void files_ofAStorageThatNobodyKnows_areTheFaultOfTheRow() {
        assertThatThrownBy(() -> read("{\"prompt\": \"a\", \"lora\": \"none://a/b.safetensors\"}"))
                .isInstanceOf(RequestException.class)
                .hasMessageStartingWith("lora: 'none://a/b.safetensors' cannot be read: ")
                .hasMessageContaining("none");
        Pictures pictures = new Pictures("glance-tiny", "{}", "/t.csv", new Configuration(false));
        Columns row = Columns.parse("{\"picture\": \"none://a/b.png\", \"caption\": \"b\"}");
        assertThatThrownBy(() -> pictures.read(row))
                .isInstanceOf(RequestException.class)
                .hasMessageStartingWith("picture: none://a/b.png cannot be read: ");
    }
}
