package glance.model.text;

import glance.api.FormatException;
import glance.io.Config;
import glance.io.FileInput;
import glance.text.PrintableText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the chat template of Qwen3 puts around one message of a user when an answer is to follow:
 *
 * <pre>
 *   &lt;|im_start|&gt;user          before
 *   a red circle&lt;|im_end|&gt;     the message, after
 *   &lt;|im_start|&gt;assistant      after
 *   &lt;think&gt; ... &lt;/think&gt;       after, where thinking is off: an empty thought
 * </pre>
 *
 * The published templates also know tools and earlier messages. Without those they all reduce to
 * this form, which is known by what they write for the answer.
 */
public final class ChatTemplate {
    private static final String BEFORE = "<|im_start|>user\n";
    private static final String END = "<|im_end|>\n";
    private static final String ANSWER = "<|im_start|>assistant\n";
    private static final String NO_THOUGHT = "<think>\n\n</think>\n\n";
    private static final String SYSTEM = "<|im_start|>system\n";
    private static final String KEY = "chat_template";
    private static final String ANSWERING = "add_generation_prompt";
    private static final Pattern LITERAL =
            Pattern.compile("'((?:[^'\\\\]|\\\\.)*+)'|\"((?:[^\"\\\\]|\\\\.)*+)\"", Pattern.DOTALL);

    private ChatTemplate() {}

    /** What stands before the message. */
    public static String before() {
        return BEFORE;
    }

    /**
     * What stands after the message.
     *
     * @param thinking whether the answer may begin with a thought
     */
    public static String after(boolean thinking) {
        return END + ANSWER + (thinking ? "" : NO_THOUGHT);
    }

    /**
     * Makes sure that a tokenizer's template, if it has one, is of this form.
     *
     * @param folder with {@code tokenizer_config.json}, and {@code chat_template.jinja} in newer
     *     ones
     * @param thinking the form that is wanted
     * @throws FormatException if it is another one
     */
    public static void require(Path folder, boolean thinking) {
        Path file = folder.resolve(KEY + ".jinja");
        if (Files.exists(file)) {
            require(FileInput.text(file), thinking, Config.EMPTY, file);
            return;
        }
        Path settings = folder.resolve("tokenizer_config.json");
        if (!Files.exists(settings)) {
            return;
        }
        Config config = Config.read(settings);
        if (config.isText(KEY)) {
            require(config.string(KEY), thinking, config, settings);
        }
    }

    private static void require(String template, boolean thinking, Config config, Path file) {
        int start = template.lastIndexOf(ANSWERING);
        List<String> answer = literals(template.substring(Math.max(0, start)));
        boolean speaks = literals(template).stream().anyMatch(ChatTemplate::givesOrders);
        boolean known =
                answer.equals(List.of(ANSWER, NO_THOUGHT))
                        || thinking && answer.equals(List.of(ANSWER));
        if (start < 0 || speaks || !known) {
            String shown = String.join("", answer);
            throw new FormatException(
                    file,
                    config == Config.EMPTY ? null : KEY,
                    speaks
                            ? "the template has a system message of its own"
                            : "an answer begins with '"
                                    + PrintableText.quoted(
                                            shown.substring(0, Math.min(shown.length(), 60)))
                                    + "', which is not the form of Qwen3",
                    "use the tokenizer that the model was published with");
        }
    }

    /** Whether a text that the template writes tells the model what to be. */
    private static boolean givesOrders(String literal) {
        return literal.startsWith(SYSTEM) && literal.length() > SYSTEM.length();
    }

    /** The texts in quotes, with their line ends. */
    private static List<String> literals(String template) {
        List<String> found = new ArrayList<>();
        Matcher matcher = LITERAL.matcher(template);
        while (matcher.find()) {
            String text = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
            found.add(text.replace("\\n", "\n"));
        }
        return found;
    }
}
