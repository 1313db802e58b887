package glance.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.io.Config;
import glance.io.Json;
import glance.text.PrintableText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The CLIP tokenizer, described in the terms of {@code tokenizer.json}: NFC, single spaces, lower
 * case, split by the CLIP pattern, byte-level BPE whose last piece of a word ends in {@code </w>}.
 *
 * <p>The padding token counts as a special token. In the second tokenizer of SDXL and SD3 it is
 * {@code !}, so that an exclamation mark in a text becomes the padding id there, as it does in the
 * published pipelines.
 *
 * @param vocab token to id
 * @param merges pairs of tokens, by rank
 * @param added tokens that are cut out of the text before anything else
 * @param start the token before a text
 * @param end the token after a text
 */
record ClipDefinition(
        Map<String, Integer> vocab,
        List<String> merges,
        List<AddedToken> added,
        String start,
        String end)
        implements TokenizerDefinition {
    /** Contractions; words; single digits; signs. Spaces are dropped. */
    private static final String SPLIT_PATTERN =
            "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

    private static final String DEFAULT_END = "<|endoftext|>";

    /** Reads {@code vocab.json}, {@code merges.txt} and the special tokens. */
    static ClipDefinition read(Path folder, Config config) {
        config.accepts("do_lower_case", true);
        config.accepts("add_prefix_space", false);
        config.accepts("split_special_tokens", false);
        Map<String, Integer> vocab = BpeFiles.vocab(folder.resolve("vocab.json"));
        List<AddedToken> added =
                new ArrayList<>(BpeFiles.added(folder.resolve("added_tokens.json"), config));
        String start = special(config, "bos_token", "<|startoftext|>", vocab, added);
        String end = special(config, "eos_token", DEFAULT_END, vocab, added);
        special(config, "unk_token", DEFAULT_END, vocab, added);
        special(config, "pad_token", DEFAULT_END, vocab, added);
        List<String> merges = BpeFiles.merges(folder.resolve("merges.txt"), vocab);
        return new ClipDefinition(vocab, merges, added, start, end);
    }

    /** The content of a special token, which is added if the config does not list it. */
    private static String special(
            Config config,
            String key,
            String absent,
            Map<String, Integer> vocab,
            List<AddedToken> added) {
        String content =
                config.hasObject(key)
                        ? config.object(key).string("content")
                        : config.string(key, absent);
        if (added.stream().anyMatch(token -> token.content().equals(content))) {
            return content;
        }
        Integer id = vocab.get(content);
        if (id == null) {
            throw config.refuse(
                    key,
                    "'" + PrintableText.quoted(content) + "' is not in vocab.json",
                    "use the published tokenizer files");
        }
        added.add(AddedToken.special(id, content));
        return content;
    }

    @Override
    public String toJson() {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("version", "1.0").putNull("truncation").putNull("padding");
        AddedToken.write(added, root);
        ArrayNode normalizers =
                root.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
        normalizers.addObject().put("type", "NFC");
        ObjectNode spaces = normalizers.addObject().put("type", "Replace").put("content", " ");
        spaces.putObject("pattern").put("Regex", "\\s+");
        normalizers.addObject().put("type", "Lowercase");
        ArrayNode steps =
                root.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
        ObjectNode split = steps.addObject().put("type", "Split");
        split.putObject("pattern").put("Regex", SPLIT_PATTERN);
        split.put("behavior", "Removed").put("invert", true);
        byteLevel(steps.addObject());
        ObjectNode around = root.putObject("post_processor").put("type", "RobertaProcessing");
        around.putArray("sep").add(end).add(id(end));
        around.putArray("cls").add(start).add(id(start));
        around.put("trim_offsets", false).put("add_prefix_space", false);
        byteLevel(root.putObject("decoder"));
        ObjectNode model = root.putObject("model").put("type", "BPE");
        model.put("unk_token", DEFAULT_END).put("continuing_subword_prefix", "");
        model.put("end_of_word_suffix", "</w>").put("fuse_unk", false);
        BpeFiles.write(vocab, merges, model);
        return root.toString();
    }

    private int id(String content) {
        return added.stream().filter(t -> t.content().equals(content)).findFirst().get().id();
    }

    private static void byteLevel(ObjectNode node) {
        node.put("type", "ByteLevel").put("add_prefix_space", false).put("trim_offsets", true);
    }
}
