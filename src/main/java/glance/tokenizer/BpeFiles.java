package glance.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.api.FormatException;
import glance.io.Config;
import glance.io.FileInput;
import glance.io.Json;
import glance.text.PrintableText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The files of a byte-level BPE tokenizer, read and checked. */
final class BpeFiles {
    private static final long MAX_VOCAB_BYTES = 100_000_000;
    private static final String REMEDY = "fetch the tokenizer files again";

    private BpeFiles() {}

    /** {@code vocab.json}: token to id. */
    static Map<String, Integer> vocab(Path file) {
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

    /** {@code merges.txt}: pairs of tokens, by rank. */
    static List<String> merges(Path file, Map<String, Integer> vocab) {
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
                                + PrintableText.quoted(lines[i])
                                + "'",
                        REMEDY);
            }
            merges.add(lines[i]);
        }
        return merges;
    }

    /** The added tokens of {@code tokenizer_config.json} and of {@code added_tokens.json}. */
    static List<AddedToken> added(Path file, Config config) {
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
                AddedToken plain = new AddedToken(id, content, true, false, false, false, false);
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
                token.flag("single_word", false),
                token.flag("normalized", false));
    }

    /** Puts vocabulary and merges into the model of a {@code tokenizer.json}. */
    static void write(Map<String, Integer> vocab, List<String> merges, ObjectNode model) {
        ObjectNode ids = model.putObject("vocab");
        vocab.forEach(ids::put);
        ArrayNode ranks = model.putArray("merges");
        merges.forEach(ranks::add);
    }
}
