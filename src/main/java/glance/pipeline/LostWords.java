package glance.pipeline;

import glance.model.text.PromptCut;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Tells the user what of the prompts the model does not see. */
final class LostWords {
    private LostWords() {}

    /** Warns once of each text; of the negative prompt only if it is used. */
    static void warn(Settings settings, List<Texts.Encoded> encoded, RunListener listener) {
        List<String> prompts = settings.prompts();
        Map<String, String> names = new LinkedHashMap<>();
        for (int i = 0; i < prompts.size(); i++) {
            names.putIfAbsent(prompts.get(i), prompts.size() == 1 ? "prompt" : "prompt " + (i + 1));
        }
        if (settings.guidance().isActive()) {
            names.putIfAbsent(settings.negative(), "negative prompt");
        }
        names.forEach(
                (text, name) -> {
                    for (PromptCut cut : cuts(text, encoded)) {
                        listener.warning(name + ": " + cut);
                    }
                });
    }

    private static List<PromptCut> cuts(String text, List<Texts.Encoded> encoded) {
        return encoded.stream()
                .map(batch -> batch.cuts().get(text))
                .filter(cuts -> cuts != null)
                .findFirst()
                .orElse(List.of());
    }
}
