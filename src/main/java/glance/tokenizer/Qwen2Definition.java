package glance.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.io.Config;
import glance.io.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The Qwen2 tokenizer, described in the terms of {@code tokenizer.json}: NFC, split by the Qwen2
 * pattern, bytes written as letters, merged pairwise (byte-level BPE).
 *
 * @param vocab token to id
 * @param merges pairs of tokens, by rank
 * @param added tokens that are cut out of the text before anything else
 */
record Qwen2Definition(Map<String, Integer> vocab, List<String> merges, List<AddedToken> added)
        implements TokenizerDefinition {
    /** Contractions; words with one leading sign; single digits; signs; line ends; spaces. */
    private static final String SPLIT_PATTERN =
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
                    + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
                    + "|\\p{N}"
                    + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
                    + "|\\s*[\\r\\n]+"
                    + "|\\s+(?!\\S)"
                    + "|\\s+";

    /** Reads {@code vocab.json}, {@code merges.txt} and the added tokens. */
    static Qwen2Definition read(Path folder, Config config) {
        config.accepts("add_prefix_space", false);
        config.accepts("add_bos_token", false);
        config.accepts("split_special_tokens", false);
        Map<String, Integer> vocab = BpeFiles.vocab(folder.resolve("vocab.json"));
        return new Qwen2Definition(
                vocab,
                BpeFiles.merges(folder.resolve("merges.txt"), vocab),
                BpeFiles.added(folder.resolve("added_tokens.json"), config));
    }

    @Override
    public String toJson() {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("version", "1.0").putNull("truncation").putNull("padding");
        AddedToken.write(added, root);
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
        BpeFiles.write(vocab, merges, model);
        return root.toString();
    }

    private static ObjectNode byteLevel(ObjectNode node) {
        return node.put("type", "ByteLevel").put("add_prefix_space", false).put("use_regex", false);
    }
}
