package glance.picture;

import glance.api.Init;
import glance.pipeline.StartPicture;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The picture that another one started from, as it travels in the text of that one: {@code init}
 * and {@code mask} are {@code HASH FILE}, {@code extend} is {@code LEFT,TOP,RIGHT,BOTTOM}.
 *
 * @param picture what it started from
 * @param mask null if there was none
 * @param strength share of the steps
 * @param extension margins
 * @param paste whether the picture's own pixels were kept
 */
public record RecordedStart(
        RecordedReference picture,
        RecordedReference mask,
        float strength,
        Init.Margins extension,
        boolean paste) {
    static final String INIT = "init";
    static final String MASK = "mask";
    static final String STRENGTH = "strength";
    static final String EXTEND = "extend";
    static final String PASTE = "paste";

    /** The texts of a picture to start from. */
    static Map<String, String> text(StartPicture start) {
        Map<String, String> text = new LinkedHashMap<>();
        text.put(INIT, RecordedReference.text(start.picture()));
        if (start.mask() != null) {
            text.put(MASK, RecordedReference.text(start.mask()));
        }
        text.put(STRENGTH, Float.toString(start.strength()));
        Init.Margins margins = start.extension();
        if (!margins.equals(Init.Margins.NONE)) {
            text.put(EXTEND, margins.toString());
        }
        if (!start.paste()) {
            text.put(PASTE, "false");
        }
        return text;
    }

    /**
     * @param text of a picture by keyword
     * @return nothing if it did not start from one
     * @throws IllegalArgumentException if a text has another form
     */
    static Optional<RecordedStart> parse(Map<String, String> text) {
        if (!text.containsKey(INIT)) {
            return Optional.empty();
        }
        float strength = PictureText.atLeast(0, text.getOrDefault(STRENGTH, ""));
        String margins = text.get(EXTEND);
        return Optional.of(
                new RecordedStart(
                        one(text.get(INIT)),
                        text.containsKey(MASK) ? one(text.get(MASK)) : null,
                        strength,
                        margins == null ? Init.Margins.NONE : Init.Margins.parse(margins),
                        !text.getOrDefault(PASTE, "true").equals("false")));
    }

    private static RecordedReference one(String text) {
        List<RecordedReference> all = RecordedReference.parse(text);
        if (all.size() != 1) {
            throw new IllegalArgumentException("must name one file");
        }
        return all.get(0);
    }

    /**
     * The same start again.
     *
     * @param by the picture that started from it
     * @param otherPicture in place of the picture, or null
     * @param otherMask in place of the mask, or null
     * @throws glance.api.FormatException if a file that is needed is not what it was
     */
    public Init find(Path by, Path otherPicture, Path otherMask) {
        Init init =
                Init.of(otherPicture == null ? picture.find(by, "--init") : otherPicture)
                        .strength(strength)
                        .extend(extension)
                        .paste(paste);
        if (otherMask != null) {
            return init.mask(otherMask);
        }
        return mask == null ? init : init.mask(mask.find(by, "--mask"));
    }
}
