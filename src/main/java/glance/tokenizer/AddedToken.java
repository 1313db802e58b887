package glance.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * A token that is cut out of the text before anything else. The flags are those of the tokenizers
 * library.
 *
 * @param normalized whether it is looked for in the normalised text
 */
record AddedToken(
        int id,
        String content,
        boolean special,
        boolean lstrip,
        boolean rstrip,
        boolean word,
        boolean normalized) {

    /** A special token without any freedom. */
    static AddedToken special(int id, String content) {
        return new AddedToken(id, content, true, false, false, false, false);
    }

    /** Puts the tokens into a {@code tokenizer.json}. */
    static void write(List<AddedToken> tokens, ObjectNode root) {
        ArrayNode nodes = root.putArray("added_tokens");
        for (AddedToken token : tokens) {
            nodes.addObject()
                    .put("id", token.id())
                    .put("content", token.content())
                    .put("single_word", token.word())
                    .put("lstrip", token.lstrip())
                    .put("rstrip", token.rstrip())
                    .put("normalized", token.normalized())
                    .put("special", token.special());
        }
    }
}
