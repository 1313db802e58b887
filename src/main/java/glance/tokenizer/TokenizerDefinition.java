package glance.tokenizer;

import glance.api.FormatException;
import glance.io.Config;
import java.nio.file.Path;
import java.util.List;

/** A tokenizer without {@code tokenizer.json}, described by its other files. */
interface TokenizerDefinition {
    /** Tokenizer classes that are known here. */
    String[] CLASSES = {
        "Qwen2Tokenizer",
        "Qwen2TokenizerFast",
        "CLIPTokenizer",
        "CLIPTokenizerFast",
        "T5Tokenizer",
        "T5TokenizerFast"
    };

    /** Tokens that are cut out of the text before anything else. */
    List<AddedToken> added();

    /** The content of the {@code tokenizer.json} that this tokenizer would have. */
    String toJson();

    /**
     * Reads the files of a tokenizer of a class that is known here.
     *
     * @throws FormatException if the class is not known, or a file is missing or damaged
     */
    static TokenizerDefinition read(Path folder, Config config) {
        config.accepts("tokenizer_class", (Object[]) CLASSES);
        String name = config.string("tokenizer_class", "Qwen2Tokenizer");
        if (name.startsWith("CLIP")) {
            return ClipDefinition.read(folder, config);
        }
        return name.startsWith("T5")
                ? T5Definition.read(folder, config)
                : Qwen2Definition.read(folder, config);
    }
}
