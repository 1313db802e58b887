package glance.io;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The Qwen2 tokenizer, described in the terms of {@code tokenizer.json}: NFC, split by the Qwen2
 * pattern, bytes written as letters, merged pairwise (byte-level BPE).
 *
 * @param vocab token to id
 * @param merges pairs of tokens, by rank
 * @param added tokens that are cut out of the text before anything else
 */
record Qwen2Definition(Map<String, Integer> vocab, List<String> merges, List<AddedToken> added) {
    static final String[] CLASSES = {"Qwen2Tokenizer", "Qwen2TokenizerFast"};

    /** Contractions; words with one leading sign; single digits; signs; line ends; spaces. */
    private static final String SPLIT_PATTERN =
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
                    + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
                    + "|\\p{N}"
                    + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
                    + "|\\s*[\\r\\n]+"
                    + "|\\s+(?!\\S)"
                    + "|\\s+";

    private static final long MAX_VOCAB_BYTES = 100_000_000;
    private static final String REMEDY = "fetch the tokenizer files again";

    /** A token that is not made by merging. The flags are those of the tokenizers library. */
    record AddedToken(
            int id,
            String content,
            boolean special,
            boolean lstrip,
            boolean rstrip,
            boolean word) {}

    /** Reads {@code vocab.json}, {@code merges.txt} and the added tokens. */
    static Qwen2Definition read(Path folder, Config config) {
        config.accepts("add_prefix_space", false);
        config.accepts("add_bos_token", false);
        config.accepts("split_special_tokens", false);
        Map<String, Integer> vocab = readVocab(folder.resolve("vocab.json"));
        return new Qwen2Definition(
                vocab,
                readMerges(folder.resolve("merges.txt"), vocab),
                readAdded(folder.resolve("added_tokens.json"), config));
    }

    /** The added tokens by content. */
    Map<String, Integer> addedTokens() {
        Map<String, Integer> ids = new LinkedHashMap<>();
        added.forEach(token -> ids.put(token.content(), token.id()));
        return ids;
    }

    private static Map<String, Integer> readVocab(Path file) {
        Map<String, Integer> vocab = new LinkedHashMap<>();
        Set<Integer> seen = new HashSet<>();
        Json.readObject(file, MAX_VOCAB_BYTES)
                .properties()
                .forEach(
                        entry -> {
                            if (!entry.getValue().canConvertToInt()
                                    || !entry.getValue().isIntegralNumber()
                                    || entry.getValue().intValue() < 0) {
                                throw new FormatException(
                                        file, entry.getKey(), "must have a whole id", REMEDY);
                            }
                            int id = entry.getValue().intValue();
                            if (!seen.add(id)) {
                                throw new FormatException(
                                        file,
                                        entry.getKey(),
                                        "id " + id + " is given twice",
                                        REMEDY);
                            }
                            vocab.put(entry.getKey(), id);
                        });
        if (vocab.isEmpty()) {
            throw new FormatException(file, null, "holds no tokens", REMEDY);
        }
        return vocab;
    }

    private static List<String> readMerges(Path file, Map<String, Integer> vocab) {
        List<String> merges = new ArrayList<>();
        // Not lines(): a merge may hold characters that Java takes for a line end.
        String[] lines = FileInput.text(file).split("\r?\n", -1);
        for (int i = 0; i < lines.length; i++) {
            boolean header = i == 0 && lines[i].startsWith("#version");
            if (header || lines[i].isEmpty()) {
                continue;
            }
            String[] pair = lines[i].split(" ", -1);
            boolean known =
                    pair.length == 2
                            && vocab.containsKey(pair[0])
                            && vocab.containsKey(pair[1])
                            && vocab.containsKey(pair[0] + pair[1]);
            if (!known) {
                throw new FormatException(
                        file,
                        "line " + (i + 1),
                        "must be two tokens of vocab.json that make a third, got '"
                                + FormatException.printable(lines[i])
                                + "'",
                        REMEDY);
            }
            merges.add(lines[i]);
        }
        return merges;
    }

    private static List<AddedToken> readAdded(Path file, Config config) {
        Map<String, AddedToken> tokens = new LinkedHashMap<>();
        if (config.has("added_tokens_decoder")) {
            Config decoder = config.object("added_tokens_decoder");
            for (String id : decoder.keys()) {
                AddedToken token = addedToken(decoder, id);
                tokens.put(token.content(), token);
            }
        }
        if (Files.exists(file)) {
            Config ids = Config.read(file);
            for (String content : ids.keys()) {
                int id = ids.integer(content);
                AddedToken plain = new AddedToken(id, content, true, false, false, false);
                AddedToken known = tokens.putIfAbsent(content, plain);
                if (known != null && known.id() != id) {
                    throw ids.refuse(
                            content,
                            "has id " + id + " here and " + known.id() + " in " + config.file(),
                            REMEDY);
                }
            }
        }
        return tokens.values().stream().sorted((a, b) -> Integer.compare(a.id(), b.id())).toList();
    }

    private static AddedToken addedToken(Config decoder, String id) {
        Config token = decoder.object(id);
        if (!id.matches("\\d{1,9}")) {
            throw decoder.refuse(id, "must be a token id", REMEDY);
        }
        token.accepts("normalized", false);
        String content = token.string("content");
        if (content.isEmpty()) {
            throw token.refuse("content", "must not be empty", REMEDY);
        }
        return new AddedToken(
                Integer.parseInt(id),
                content,
                token.flag("special", true),
                token.flag("lstrip", false),
                token.flag("rstrip", false),
                token.flag("single_word", false));
    }

    /** The content of the {@code tokenizer.json} that this tokenizer would have. */
    String toJson() {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("version", "1.0").putNull("truncation").putNull("padding");
        ArrayNode tokens = root.putArray("added_tokens");
        for (AddedToken token : added) {
            tokens.addObject()
                    .put("id", token.id())
                    .put("content", token.content())
                    .put("single_word", token.word())
                    .put("lstrip", token.lstrip())
                    .put("rstrip", token.rstrip())
                    .put("normalized", false)
                    .put("special", token.special());
        }
        root.putObject("normalizer").put("type", "NFC");
        ArrayNode steps =
                root.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
        ObjectNode split = steps.addObject().put("type", "Split");
        split.putObject("pattern").put("Regex", SPLIT_PATTERN);
        split.put("behavior", "Isolated").put("invert", false);
        byteLevel(steps.addObject()).put("trim_offsets", false);
        byteLevel(root.putObject("post_processor")).put("trim_offsets", false);
        byteLevel(root.putObject("decoder")).put("trim_offsets", false);
        ObjectNode model = root.putObject("model").put("type", "BPE");
        model.put("byte_fallback", false).put("fuse_unk", false);
        ObjectNode ids = model.putObject("vocab");
        vocab.forEach(ids::put);
        ArrayNode ranks = model.putArray("merges");
        merges.forEach(ranks::add);
        return root.toString();
    }

    private static ObjectNode byteLevel(ObjectNode node) {
        return node.put("type", "ByteLevel").put("add_prefix_space", false).put("use_regex", false);
    }
}
