package glance.serve.api;

import com.fasterxml.jackson.databind.JsonNode;
import glance.picture.Masks;
import glance.serve.http.Form;
import glance.serve.http.HttpProblem;
import glance.serve.job.JobRequest;
import glance.serve.job.Jobs;
import glance.serve.job.PictureData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Pictures to edit, as OpenAI's clients send them: {@code image}, one or several, in a form; {@code
 * images} in JSON, each with its {@code image_url}. A model that edits looks at all of them; of any
 * other the first is what it starts from. A mask paints where it is transparent, from the first
 * picture; for a model that starts from its picture a first picture that is transparent somewhere
 * is its own mask. What a mask shows is replaced, unless {@code strength} says less.
 */
final class Edits {
    /** The form that has them. */
    static final Form FORM =
            new Form(
                    Set.of("image", "images", "mask"),
                    Set.of("image", "images"),
                    Set.of("plan", "lora"));

    private static final String IMAGE = "image";
    private static final String MASK = "mask";

    /** As there, nothing is left of what is painted anew. */
    private static final Float ANEW = 1f;

    private final Jobs jobs;
    private final boolean looks;

    /**
     * @param looks whether the model looks at pictures
     */
    Edits(Jobs jobs, boolean looks) {
        this.jobs = jobs;
        this.looks = looks;
    }

    /** A request with the pictures of its body. */
    JobRequest of(JobRequest asked, Body body) throws IOException {
        List<String> pictures = new ArrayList<>();
        add(pictures, body.value(IMAGE));
        add(pictures, body.value("images"));
        if (pictures.isEmpty()) {
            throw HttpProblem.invalid(IMAGE, "is missing; send the picture to edit");
        }
        if (!looks && pictures.size() > 1) {
            throw HttpProblem.invalid(
                    IMAGE, "this model starts from one picture, got " + pictures.size());
        }
        JobRequest edit = looks ? asked.looking(pictures) : asked;
        Float strength = body.number("strength");
        String extend = body.text("extend");
        String mask = mask(body, pictures.get(0));
        if (looks && mask == null && strength == null && extend == null) {
            return edit;
        }
        return edit.starting(
                pictures.get(0),
                strength == null && mask != null ? ANEW : strength,
                mask,
                extend,
                body.choice("paste"));
    }

    /** What refusals call the pictures: several are counted. */
    static ClientKeys keys(JobRequest asked) {
        int count = asked.references() == null ? 1 : asked.references().size();
        Map<String, String> names = new HashMap<>();
        names.put("init", count == 1 ? IMAGE : IMAGE + " 1");
        for (int i = 1; i <= count; i++) {
            names.put("reference " + i, count == 1 ? IMAGE : IMAGE + " " + i);
        }
        return new ClientKeys(names);
    }

    private static void add(List<String> pictures, JsonNode given) {
        if (given != null && given.isArray()) {
            given.forEach(each -> pictures.add(picture(IMAGE, each)));
        } else if (given != null) {
            pictures.add(picture(IMAGE, given));
        }
    }

    private static String picture(String key, JsonNode given) {
        JsonNode text = given.isObject() ? given.path("image_url") : given;
        if (text.isTextual()) {
            return text.asText();
        }
        throw HttpProblem.invalid(
                key,
                "must be a file of a form, or {\"image_url\": \"data:image/png;base64,...\"}; files"
                        + " have no ids here");
    }

    /** Of a body without a mask it is the first picture, if that is transparent somewhere. */
    private String mask(Body body, String first) throws IOException {
        JsonNode given = body.value(MASK);
        if (given != null) {
            byte[] file = PictureData.bytes(MASK, picture(MASK, given));
            return PictureData.of(converted(MASK, file, Masks::transparent));
        }
        if (looks || PictureData.isName(first)) {
            return null;
        }
        byte[] file = PictureData.bytes(IMAGE, first);
        return converted(IMAGE, file, Masks::whereTransparent).map(PictureData::of).orElse(null);
    }

    private <T> T converted(String key, byte[] file, Function<Path, T> conversion)
            throws IOException {
        return TemporaryPicture.use(key, file, path -> jobs.decode(key, path, conversion));
    }
}
