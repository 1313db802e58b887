package glance.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.api.FormatException;
import glance.model.text.FixedLength;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TokenizerTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int T5_MAX_LENGTH = 64;

    /** One recorded call: the text and the ids that the reference gives. */
    record Case(String text, int[] ids) {
        @Override
        public String toString() {
            return text.length() < 40 ? text : text.substring(0, 40);
        }
    }

    @TempDir Path folder;

    static List<Case> qwenCases() throws IOException {
        return cases("qwen-tokenizer");
    }

    static List<Case> t5Cases() throws IOException {
        return cases("t5-tokenizer");
    }

    @ParameterizedTest
    @MethodSource("qwenCases")
    void encode_qwenFiles_equalsTheReference(Case recorded) {
        try (Tokenizer tokenizer = Tokenizer.load(fixture("qwen-tokenizer"))) {
            assertThat(tokenizer.encode(recorded.text())).isEqualTo(recorded.ids());
        }
    }

    @ParameterizedTest
    @MethodSource("t5Cases")
    void encode_t5TokenizerJson_equalsTheReference(Case recorded) {
        try (Tokenizer tokenizer = Tokenizer.load(fixture("t5-tokenizer"))) {
            int[] ids = tokenizer.encode(recorded.text(), true);
            // The recorded call truncates, which keeps the end token, and pads.
            int length = Math.min(ids.length, T5_MAX_LENGTH);
            int[] padded = Arrays.copyOf(ids, T5_MAX_LENGTH);
            Arrays.fill(padded, length, T5_MAX_LENGTH, tokenizer.padId());
            padded[length - 1] = ids[ids.length - 1];
            assertThat(padded).isEqualTo(recorded.ids());
        }
    }

    static List<Case> clipCases() throws IOException {
        return cases("clip-tokenizer");
    }

    @ParameterizedTest
    @MethodSource("clipCases")
    void encode_clipFiles_equalsTheReference(Case recorded) {
        try (Tokenizer tokenizer = Tokenizer.load(fixture("clip-tokenizer"))) {
            assertThat(new FixedLength(tokenizer, 77).ids(recorded.text()))
                    .isEqualTo(recorded.ids());
        }
    }

    @Test
    void starts_countCharsOfTheText_whateverTheCharacters() {
        try (Tokenizer tokenizer = Tokenizer.load(fixture("t5-tokenizer"))) {
            String text = "Höhle \uD83D\uDE00 house";
            int[] starts = tokenizer.starts(text);
            assertThat(starts).hasSameSizeAs(tokenizer.encode(text));
            assertThat(starts).contains(text.indexOf("house"), text.indexOf("\uD83D"));
            assertThat(starts[starts.length - 1]).isEqualTo(text.indexOf("house") + 4);
        }
    }

    @Test
    void encode_clipWhosePadIsASign_readsThatSignAsThePadToken() throws IOException {
        copy("clip-tokenizer");
        Path config = folder.resolve("tokenizer_config.json");
        Files.writeString(
                config,
                Files.readString(config)
                        .replace("\"pad_token\": \"<|endoftext|>\"", "\"pad_token\": \"!\""));
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            assertThat(tokenizer.padId()).isZero();
            assertThat(new FixedLength(tokenizer, 6).ids("a!"))
                    .containsExactly(678, 281, 0, 679, 0, 0);
        }
    }

    @Test
    void encode_spieceModel_equalsTokenizerJson() throws IOException {
        copy("t5-tokenizer");
        Files.delete(folder.resolve("tokenizer.json"));
        try (Tokenizer model = Tokenizer.load(folder);
                Tokenizer json = Tokenizer.load(fixture("t5-tokenizer"))) {
            for (Case recorded : t5Cases()) {
                assertThat(new FixedLength(model, 64).ids(recorded.text()))
                        .isEqualTo(recorded.ids());
            }
            String text = "<extra_id_0> a</s><unk> <pad>x";
            assertThat(model.encode(text, true)).isEqualTo(json.encode(text, true));
        }
    }

    @Test
    void load_damagedSpieceModel_isRefused() throws IOException {
        copy("t5-tokenizer");
        Files.delete(folder.resolve("tokenizer.json"));
        byte[] bytes = Files.readAllBytes(folder.resolve("spiece.model"));
        Files.write(folder.resolve("spiece.model"), Arrays.copyOf(bytes, bytes.length - 7));
        refused("spiece.model: ends in the middle of a field");
        Files.write(folder.resolve("spiece.model"), new byte[0]);
        refused("spiece.model: must hold an unknown token and the end token </s>");
        Files.delete(folder.resolve("spiece.model"));
        refused("spiece.model: no such file");
    }

    @Test
    void encode_specialTokensInTheText_areOneTokenEach() {
        Tokenizer tokenizer = Tokenizer.load(fixture("qwen-tokenizer"));
        assertThat(tokenizer.encode("<|im_start|>a<|im_end|>")).containsExactly(476, 64, 477);
        assertThat(tokenizer.padId()).isEqualTo(475);
    }

    @Test
    void encode_glanceTinyTokenizer_loads() {
        Path weights = Path.of(System.getProperty("glance.weights"));
        Tokenizer tokenizer = Tokenizer.load(weights.resolve("glance-tiny/tokenizer"));
        assertThat(tokenizer.encode("a red circle")).isNotEmpty();
    }

    @Test
    void encode_loneSurrogateOrNul_isReadAsText() {
        Tokenizer tokenizer = Tokenizer.load(fixture("qwen-tokenizer"));
        assertThat(tokenizer.encode("a\ud83eb")).isEqualTo(tokenizer.encode("a\ufffdb"));
        assertThat(tokenizer.encode("a\0b")).hasSizeGreaterThan(2);
    }

    @Test
    void load_tokenizerJsonWithTruncationAndPadding_doesNeither() throws IOException {
        ObjectNode json =
                (ObjectNode)
                        JSON.readTree(fixture("t5-tokenizer").resolve("tokenizer.json").toFile());
        json.putObject("truncation")
                .put("direction", "Right")
                .put("max_length", 3)
                .put("strategy", "LongestFirst")
                .put("stride", 0);
        ObjectNode padding = json.putObject("padding").put("direction", "Right");
        padding.putObject("strategy").put("Fixed", 9);
        padding.putNull("pad_to_multiple_of").put("pad_id", 0);
        padding.put("pad_type_id", 0).put("pad_token", "<pad>");
        JSON.writeValue(folder.resolve("tokenizer.json").toFile(), json);
        String text = "a red circle left of a blue heart";
        assertThat(Tokenizer.load(folder).encode(text))
                .isEqualTo(Tokenizer.load(fixture("t5-tokenizer")).encode(text))
                .hasSizeGreaterThan(3);
        assertThat(Tokenizer.load(folder).encode("a")).hasSizeLessThan(9);
    }

    @Test
    void load_printsNothingAndPutsSettingsBack() throws IOException {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream capture = new PrintStream(printed, true, StandardCharsets.UTF_8);
        System.setOut(capture);
        System.setErr(capture);
        try (Tokenizer tokenizer = Tokenizer.load(fixture("qwen-tokenizer"))) {
            tokenizer.encode("word ".repeat(3000));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8)).isEmpty();
        assertThat(System.getProperty("ai.djl.offline")).isNull();
        assertThat(System.getProperty("RUST_LIBRARY_PATH")).isNull();
    }

    @Test
    void load_vocabWithBadIds_isRefused() throws IOException {
        copyQwen();
        for (String bad : new String[] {"-1", "1.5", "\"1\"", "4294967296", "null", "[]"}) {
            Files.writeString(folder.resolve("vocab.json"), "{\"a\":" + bad + "}");
            refused("vocab.json: a: must have a whole id");
        }
        Files.writeString(folder.resolve("vocab.json"), "{\"a\":0,\"b\":0}");
        refused("vocab.json: b: id 0 is given twice");
        Files.writeString(folder.resolve("vocab.json"), "{}");
        refused("vocab.json: holds no tokens");
        Files.writeString(folder.resolve("vocab.json"), "{\"a\":0");
        refused("vocab.json: is not valid JSON");
        Files.delete(folder.resolve("vocab.json"));
        refused("vocab.json: no such file");
    }

    @Test
    void load_badMerges_areRefusedByLine() throws IOException {
        copyQwen();
        Path merges = folder.resolve("merges.txt");
        for (String bad : new String[] {"a", "a b c", "a  b", "q\u0436 b", "a zzzz", " ab"}) {
            Files.writeString(merges, "#version: 0.2\n" + bad + "\n");
            refused("merges.txt: line 2: must be two tokens");
        }
        Files.write(merges, new byte[] {(byte) 0xff, 'a'});
        refused("merges.txt: is not UTF-8 text");
        Files.delete(merges);
        refused("merges.txt: no such file");
    }

    @Test
    void load_mergesWithoutVersionAndWithWindowsLineEnds_areTheSame() throws IOException {
        copyQwen();
        Path merges = folder.resolve("merges.txt");
        String text = Files.readString(merges);
        int firstLine = text.indexOf('\n') + 1;
        Files.writeString(merges, text.substring(firstLine).replace("\n", "\r\n"));
        String prompt = "a red circle left of a blue heart";
        assertThat(Tokenizer.load(folder).encode(prompt))
                .isEqualTo(Tokenizer.load(fixture("qwen-tokenizer")).encode(prompt));
    }

    @Test
    void load_addedTokensAtOtherIds_areRefused() throws IOException {
        copyQwen();
        Path added = folder.resolve("added_tokens.json");
        Files.writeString(added, "{\"<|im_end|>\":999}");
        refused("added_tokens.json: <|im_end|>: has id 999 here and 477");
        Files.writeString(added, "{\"<|far|>\":999}");
        refused("<|far|>: added token has id 999 but is read as [478]");
    }

    @Test
    void load_unknownClassWithoutTokenizerJson_isRefusedByName() throws IOException {
        copyQwen();
        Path config = folder.resolve("tokenizer_config.json");
        Files.writeString(config, "{\"tokenizer_class\":\"LlamaTokenizer\"}");
        refused("tokenizer_class: value \"LlamaTokenizer\" is not supported");
        Files.writeString(config, "{\"add_prefix_space\":true}");
        refused("add_prefix_space: value true is not supported");
    }

    @Test
    void load_damagedTokenizerJson_isRefused() throws IOException {
        for (String bad : new String[] {"", "{}", "[", "{\"model\":{\"type\":\"X\"}}"}) {
            Files.writeString(folder.resolve("tokenizer.json"), bad);
            refused("tokenizer.json: is not a usable tokenizer");
        }
        Files.delete(folder.resolve("tokenizer.json"));
        refused("tokenizer_config.json: no such file");
        assertThatThrownBy(() -> Tokenizer.load(folder.resolve("none")))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("no such folder");
    }

    @Test
    void padId_absentOrNotAToken_isRefused() throws IOException {
        copyQwen();
        Files.writeString(folder.resolve("tokenizer_config.json"), "{}");
        Tokenizer tokenizer = Tokenizer.load(folder);
        assertThatThrownBy(tokenizer::padId)
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("pad_token: is missing");
        Files.writeString(
                folder.resolve("tokenizer_config.json"), "{\"pad_token\":\"<|nothing|>\"}");
        assertThatThrownBy(tokenizer::padId)
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("is not a token");
    }

    private void copyQwen() throws IOException {
        copy("qwen-tokenizer");
    }

    private void copy(String name) throws IOException {
        try (Stream<Path> files = Files.list(fixture(name))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
    }

    private void refused(String message) {
        assertThatThrownBy(() -> Tokenizer.load(folder))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    private static List<Case> cases(String name) throws IOException {
        List<Case> cases = new ArrayList<>();
        for (JsonNode node :
                JSON.readTree(fixture(name).resolve("case.json").toFile()).get("cases")) {
            int[] ids = JSON.convertValue(node.get("input_ids"), int[].class);
            cases.add(new Case(node.get("text").textValue(), ids));
        }
        return cases;
    }

    private static Path fixture(String name) {
        return Path.of(System.getProperty("glance.fixtures")).resolve(name);
    }
}
