package glance.model.qwenimage;

import glance.model.part.Variant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The published models that edit pictures: the network of Qwen-Image, trained on. */
enum QwenImageEdit {
    /** December 2025: several pictures, whose tokens are modulated as at noise level 0. */
    STILL("Qwen-Image-Edit-2511", "QwenImageEditPlusPipeline", ".*2511"),

    /** September 2025: several pictures. */
    PLUS("Qwen-Image-Edit-2509", "QwenImageEditPlusPipeline", ".*(2509|plus)"),

    /** August 2025: one picture. */
    ONE("Qwen-Image-Edit", "QwenImageEditPipeline", "");

    /** A word of its own, which it is not in "edited" or "limited-edition". */
    private static final String WORD = "(?:(?<![a-z])|(?<=image))edit(?=plus|[^a-z]|$)";

    /** The token that stands for a unit of a picture. */
    static final String UNIT = "<|image_pad|>";

    /** What stands for a picture in a prompt. */
    private static final String PICTURE = "<|vision_start|>" + UNIT + "<|vision_end|>";

    /** The published pipeline has no limit; the models were trained with up to three. */
    private static final int MOST = 10;

    private final Variant variant;
    private final String pipelineClass;

    QwenImageEdit(String title, String pipelineClass, String mark) {
        this.variant = new Variant(title, WORD + mark);
        this.pipelineClass = pipelineClass;
    }

    Variant variant() {
        return variant;
    }

    /** {@code _class_name} in model_index.json. */
    String pipelineClass() {
        return pipelineClass;
    }

    /** Pictures that it takes. */
    int most() {
        return this == ONE ? 1 : MOST;
    }

    /** Steps of the example that it was published with. */
    int steps() {
        return this == ONE ? 50 : 40;
    }

    /** Side of a square as large as what the text encoder sees, of 1024 that the other sees. */
    int describedSide() {
        return this == ONE ? 1024 : 384;
    }

    /** What stands before the prompt, for so many pictures. */
    String before(int pictures) {
        return this == ONE
                ? PICTURE.repeat(pictures)
                : IntStream.rangeClosed(1, pictures)
                        .mapToObj(number -> "Picture " + number + ": " + PICTURE)
                        .collect(Collectors.joining());
    }

    /** The one of a variant; nothing if that only draws. */
    static Optional<QwenImageEdit> of(Variant variant) {
        return Arrays.stream(values()).filter(edit -> edit.variant.equals(variant)).findFirst();
    }

    static List<Variant> variants() {
        return Arrays.stream(values()).map(QwenImageEdit::variant).toList();
    }
}
