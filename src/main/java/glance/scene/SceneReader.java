package glance.scene;

import glance.io.Config;
import glance.scene.Scene.SceneObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Scenes from JSON. */
final class SceneReader {
    private static final int MAX_OBJECTS = 4;

    private SceneReader() {}

    static Scene read(Config line) {
        List<Config> objects = line.objects("objects");
        if (objects.isEmpty() || objects.size() > MAX_OBJECTS) {
            throw line.refuse(
                    "objects",
                    "must have 1 to " + MAX_OBJECTS + " objects, got " + objects.size(),
                    "correct the scene");
        }
        List<SceneObject> parsed = new ArrayList<>();
        for (Config object : objects) {
            parsed.add(
                    new SceneObject(
                            word(object, "color", SceneColor.class),
                            word(object, "shape", SceneShape.class),
                            object.number("x"),
                            object.number("y"),
                            object.number("radius")));
        }
        return new Scene(
                line.string("prompt"),
                word(line, "kind", Scene.Kind.class),
                line.flag("unseen_pair", false),
                word(line, "background", SceneColor.class),
                parsed);
    }

    private static <E extends Enum<E>> E word(Config config, String key, Class<E> type) {
        String text = config.string(key);
        for (E value : type.getEnumConstants()) {
            if (value.name().toLowerCase(Locale.ROOT).equals(text)) {
                return value;
            }
        }
        String known =
                Arrays.stream(type.getEnumConstants())
                        .map(value -> value.name().toLowerCase(Locale.ROOT))
                        .collect(Collectors.joining(", "));
        throw config.refuse(key, "is none of the known words", "known: " + known);
    }
}
