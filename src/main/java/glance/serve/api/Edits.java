package glance.serve.api;

import com.fasterxml.jackson.databind.JsonNode;
import glance.picture.Masks;
import glance.serve.http.Form;
import glance.serve.http.HttpProblem;
import glance.serve.job.JobRequest;
import glance.serve.job.PictureData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Pictures to edit, as OpenAI's clients send them: {@code image}, one or several, in a form; {@code
 * images} in JSON, each with its {@code image_url}. A model that edits looks at all of them; of any
 * other the first is what it starts from. A mask paints where it is transparent, from the first
 * picture.
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

    private Edits() {}

    /** A request with the pictures of its body. */
    static JobRequest of(JobRequest asked, Body body, boolean looks) throws IOException {
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
        JsonNode mask = body.value(MASK);
        Float strength = body.number("strength");
        String extend = body.text("extend");
        if (looks && mask == null && strength == null && extend == null) {
            return edit;
        }
        return edit.starting(
                pictures.get(0),
                strength,
                mask == null ? null : white(picture(MASK, mask)),
                extend,
                body.choice("paste"));
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

    private static String white(String mask) throws IOException {
        byte[] file = PictureData.bytes(MASK, mask);
        return PictureData.of(TemporaryPicture.use(MASK, file, Masks::transparent));
    }
}
