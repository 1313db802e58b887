package glance.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import glance.api.FormatException;
import glance.io.Config;
import glance.io.FileInput;
import glance.text.PrintableText;
import glance.text.UnicodeText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Text to token ids, as the published tokenizer of a model gives them.
 *
 * <p>A folder with {@code tokenizer.json} is loaded as it is. Without it, the definition is built
 * from the other files, {@code vocab.json} and {@code merges.txt} or {@code spiece.model}, for the
 * classes that {@link TokenizerDefinition} knows. The work is done by the Hugging Face tokenizers
 * library. Safe for use by several threads.
 */
public final class Tokenizer implements AutoCloseable {
    private static final String CONFIG = "tokenizer_config.json";

    private final Path folder;
    private final HuggingFaceTokenizer delegate;

    private Tokenizer(Path folder, HuggingFaceTokenizer delegate) {
        this.folder = folder;
        this.delegate = delegate;
    }

    /**
     * Loads the tokenizer of a component folder.
     *
     * @throws FormatException if a file is missing or damaged, or the tokenizer class needs a
     *     {@code tokenizer.json} that is not there
     */
    public static Tokenizer load(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new FormatException(folder, null, "no such folder", "check the path");
        }
        Path ready = folder.resolve("tokenizer.json");
        if (Files.exists(ready)) {
            return new Tokenizer(folder, TokenizerLibrary.load(ready, FileInput.text(ready)));
        }
        Config config = Config.read(folder.resolve(CONFIG));
        TokenizerDefinition definition = TokenizerDefinition.read(folder, config);
        Tokenizer tokenizer =
                new Tokenizer(folder, TokenizerLibrary.load(folder, definition.toJson()));
        tokenizer.requireIds(definition.added());
        return tokenizer;
    }

    /** The library numbers added tokens itself; they must come out as the files say. */
    private void requireIds(List<AddedToken> added) {
        for (AddedToken token : added) {
            int[] got = encode(token.content());
            if (!Arrays.equals(got, new int[] {token.id()})) {
                throw new FormatException(
                        folder.resolve(CONFIG),
                        token.content(),
                        "added token has id "
                                + token.id()
                                + " but is read as "
                                + Arrays.toString(got),
                        "added ids must follow those of the vocabulary without gaps");
            }
        }
    }

    /**
     * The ids of a text. Special tokens written in the text are recognised; none are added.
     *
     * @param text any text; lone surrogates are read as U+FFFD
     */
    public int[] encode(String text) {
        return encode(text, false);
    }

    /**
     * The ids of a text.
     *
     * @param addSpecialTokens whether to add what the tokenizer puts around a text, e.g. the end
     *     token of T5
     */
    public int[] encode(String text, boolean addSpecialTokens) {
        long[] ids =
                delegate.encode(UnicodeText.wellFormed(text), addSpecialTokens, false).getIds();
        return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
    }

    /**
     * Where each token of a text begins, as an index of its chars: one entry for each id of {@link
     * #encode(String)}.
     */
    public int[] starts(String text) {
        String clean = UnicodeText.wellFormed(text);
        CharSpan[] spans = delegate.encode(clean, false, false).getCharTokenSpans();
        // the library counts in code points
        return Arrays.stream(spans)
                .mapToInt(span -> clean.offsetByCodePoints(0, span.getStart()))
                .toArray();
    }

    /**
     * The id of the padding token that {@code tokenizer_config.json} names.
     *
     * @throws FormatException if it names none, or one that is not a single token
     */
    public int padId() {
        Config config = Config.read(folder.resolve(CONFIG));
        String token =
                config.hasObject("pad_token")
                        ? config.object("pad_token").string("content")
                        : config.string("pad_token");
        int[] ids = encode(token);
        if (ids.length != 1) {
            throw config.refuse(
                    "pad_token",
                    "'" + PrintableText.quoted(token) + "' is not a token",
                    "use the published tokenizer files");
        }
        return ids[0];
    }

    /** Frees the native tokenizer. */
    @Override
    public void close() {
        delegate.close();
    }
}
