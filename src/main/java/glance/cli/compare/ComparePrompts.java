package glance.cli.compare;

import glance.api.FormatException;
import glance.cli.common.Prompts;
import glance.cli.common.WrongUseException;
import glance.io.Config;
import glance.scene.Scene;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Prompts, and what their pictures must show where that is known.
 *
 * @param texts the prompts
 * @param scenes for each prompt its scene, or null
 * @param lines for each prompt the text of its scene, or null
 */
record ComparePrompts(List<String> texts, List<Scene> scenes, List<String> lines) {
    /**
     * Prompts of the command line and of a file: a prompt on each line, or in a .jsonl file an
     * object with the key prompt, and the other keys of a {@link Scene} if it is to be scored.
     *
     * @param limit how many to keep
     * @throws FormatException if the file is damaged or holds no prompt
     */
    static ComparePrompts read(List<String> given, Path file, int limit) throws IOException {
        ComparePrompts all =
                new ComparePrompts(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        Prompts.check(given).forEach(all::add);
        if (file != null) {
            boolean lines = file.toString().toLowerCase(Locale.ROOT).endsWith(".jsonl");
            int number = 0;
            for (String text : Prompts.read(file)) {
                number++;
                if (lines) {
                    Config line = Config.parse(file, "object " + number, text);
                    if (line.has("objects")) {
                        all.add(line.string("prompt"), Scene.read(line), text);
                    } else {
                        all.add(line.string("prompt"));
                    }
                } else {
                    all.add(text);
                }
            }
        }
        if (all.texts.isEmpty()) {
            throw new WrongUseException("no prompt given; use --prompts FILE, or name them");
        }
        int kept = Math.min(limit, all.texts.size());
        return new ComparePrompts(
                all.texts.subList(0, kept),
                all.scenes.subList(0, kept),
                all.lines.subList(0, kept));
    }

    private void add(String text) {
        add(text, null, null);
    }

    private void add(String text, Scene scene, String line) {
        texts.add(text);
        scenes.add(scene);
        lines.add(line);
    }

    boolean hasScenes() {
        return scenes.stream().anyMatch(scene -> scene != null);
    }
}
