package glance.serve.api;

import com.fasterxml.jackson.databind.JsonNode;
import glance.picture.Masks;
import glance.serve.http.Form;
import glance.serve.http.HttpProblem;
import glance.serve.job.JobRequest;
import glance.serve.job.Jobs;
import glance.serve.job.PictureData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a request of AUTOMATIC1111's img2img says beside that of txt2img. */
final class ImageToImage {
    /** The keys of its pictures. */
    static final List<String> PICTURES = List.of("init_images", "mask");

    /** The form that it may be sent as. */
    static final Form FORM = new Form(Set.copyOf(PICTURES), Set.of("init_images"), Set.of());

    /** What refusals call them. */
    static final ClientKeys KEYS =
            new ClientKeys(Map.of("init", "init_images", "strength", "denoising_strength"));

    /** Where the client does not say, as there. */
    private static final float STRENGTH = 0.75f;

    private static final int CROP = 1;
    private static final int RESIZES = 3;
    private static final int ORIGINAL = 1;
    private static final int FILLS = 3;

    private final Jobs jobs;
    private final Body body;

    ImageToImage(Jobs jobs, Body body) {
        this.jobs = jobs;
        this.body = body;
    }

    /** A request that starts from its picture. */
    JobRequest of(JobRequest asked) throws IOException {
        JsonNode pictures = body.value("init_images");
        if (pictures == null || !pictures.isArray() || pictures.size() != 1) {
            throw HttpProblem.invalid("init_images", "must be a list with one picture in base 64");
        }
        Integer resize = body.integer("resize_mode", 0, RESIZES);
        if (resize != null && resize > CROP) {
            throw HttpProblem.invalid(
                    "resize_mode",
                    "must be 0 or 1 here: the picture is scaled to fill the size, and cropped");
        }
        Float strength = body.number("denoising_strength");
        if (strength != null && strength == 0) {
            throw HttpProblem.invalid(
                    "denoising_strength",
                    "0 would give the picture back as it is, without a step; it must be above 0");
        }
        return asked.starting(
                pictures.get(0).asText(),
                strength == null ? STRENGTH : strength,
                mask(),
                null,
                null);
    }

    private String mask() throws IOException {
        String mask = body.text("mask");
        if (mask == null) {
            return null;
        }
        Integer invert = body.integer("inpainting_mask_invert", 0, 1);
        boolean inverted = invert != null && invert == 1;
        byte[] file = PictureData.bytes("mask", mask);
        return PictureData.of(
                TemporaryPicture.use(
                        "mask",
                        file,
                        path -> jobs.decode("mask", path, it -> Masks.strokes(it, inverted))));
    }

    /** What the client says that has no such meaning here. */
    List<String> ignored() {
        List<String> ignored = new ArrayList<>();
        if ("0".equals(body.text("resize_mode")) && body.text("width") != null) {
            ignored.add("resize_mode 0 (of other proportions, the picture is cropped)");
        }
        if (body.text("mask") == null) {
            return ignored;
        }
        Integer fill = body.integer("inpainting_fill", 0, FILLS);
        if (fill != null && fill != ORIGINAL) {
            ignored.add("inpainting_fill (what is painted starts from the picture)");
        }
        if (body.flag("inpaint_full_res")) {
            ignored.add("inpaint_full_res (the whole picture is drawn)");
        }
        Float blur = body.number("mask_blur");
        if (blur != null && blur > 0) {
            ignored.add("mask_blur (the edge of what is painted is feathered by itself)");
        }
        return ignored;
    }
}
