package glance.pipeline;

import glance.model.PromptEncoder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Tells the user what of the prompts the model does not see. */
final class LostWords {
    private LostWords() {}

    /**
     * Warns once of each text.
     *
     * @param negative the negative prompt, or null if it is not used
     */
    static void warn(
            PromptEncoder encoder, List<String> prompts, String negative, RunListener listener) {
        Map<String, String> names = new LinkedHashMap<>();
        for (int i = 0; i < prompts.size(); i++) {
            names.putIfAbsent(prompts.get(i), prompts.size() == 1 ? "prompt" : "prompt " + (i + 1));
        }
        if (negative != null) {
            names.putIfAbsent(negative, "negative prompt");
        }
        names.forEach(
                (text, name) ->
                        encoder.cuts(text).forEach(cut -> listener.warning(name + ": " + cut)));
    }
}
