package glance.cli.train;

import glance.api.Request.Size;
import glance.api.Training;
import glance.cli.common.ModelOption;
import glance.cli.common.Session;
import glance.cli.common.WrongUseException;
import glance.io.ModelFolder;
import glance.text.PrintableText;
import glance.train.CaptionedPicture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that say what is trained, and from which pictures. */
final class TrainData {
    private static final int MAX_LISTED = 10;
    private static final Pattern SIDE = Pattern.compile("\\d{1,5}");

    @Mixin private ModelOption model;

    @Option(
            names = "--data",
            paramLabel = "FOLDER",
            description =
                    "Several pictures: a folder of PNG, JPEG or WebP files, each with its "
                            + "caption in a .txt file of the same base name. For models that edit, "
                            + "what NAME.png is made from lies beside it as NAME.ref.png, or as "
                            + "NAME.ref1.png, NAME.ref2.png and so on.")
    private Path data;

    @Option(
            names = "--image",
            paramLabel = "FILE",
            description = "One picture to learn from, with --caption.")
    private Path image;

    @Option(
            names = "--caption",
            paramLabel = "TEXT",
            description =
                    "What the picture shows, in the words that prompts will use; with --reference "
                            + "what becomes of the reference.")
    private String caption;

    @Option(
            names = {"--reference", "--ref-image"},
            paramLabel = "FILE",
            description =
                    "A picture that --image is made from, for models that edit. May be given "
                            + "several times where the model takes several.")
    private List<Path> references = new ArrayList<>();

    @Option(
            names = "--size",
            paramLabel = "N|WxH",
            description =
                    "Longest side of the pictures, whose shape is kept; or one size for all, "
                            + "cropped around the centre. Smaller ones train faster in less memory. "
                            + "Default: the model's own.")
    private String size;

    String model(TrainFile file) {
        String given = model.given();
        String named = given == null ? file.string("pretrained_model_name_or_path") : given;
        return named == null ? model.name() : named;
    }

    /** A model with the parts that the user gave. */
    ModelFolder folder(Session session, TrainFile file) {
        return model.open(session, model(file), file.parts());
    }

    /**
     * The pictures and their size.
     *
     * @throws WrongUseException if there are no pictures, or too many ways to find them
     */
    Training training(TrainFile file) {
        if (data != null && image != null) {
            throw new WrongUseException("--data and --image: give one of them");
        }
        if ((image == null) != (caption == null)) {
            throw new WrongUseException("--image and --caption: both are needed");
        }
        if (image == null && data == null && file.string("image") != null) {
            image = Path.of(file.string("image"));
            caption = file.string("caption");
            if (references.isEmpty() && file.strings("references") != null) {
                references = file.strings("references").stream().map(Path::of).toList();
            }
        }
        if (image != null) {
            requireFile("--image", image);
            references.forEach(reference -> requireFile("--reference", reference));
            return sized(Training.of(image, caption).references(references), file);
        }
        if (!references.isEmpty()) {
            throw new WrongUseException(
                    "--reference: goes with --image; in a folder of pictures, references are found"
                            + " by their names: NAME.ref.png beside NAME.png");
        }
        if (data == null && file.string("img_dir") != null) {
            data = Path.of(file.string("img_dir"));
        }
        if (data == null) {
            throw new WrongUseException(
                    "no pictures given; use --data FOLDER, or --image FILE --caption TEXT");
        }
        return sized(Training.of(data), file);
    }

    private static void requireFile(String option, Path file) {
        if (!Files.isRegularFile(file)) {
            throw new WrongUseException(option + " " + file + ": no such file");
        }
    }

    /**
     * A line about the files that lie beside the pictures and are not used, once {@link #training}
     * ran.
     */
    Optional<String> leftOut() {
        List<String> left = data == null ? List.of() : CaptionedPicture.leftOut(data);
        if (left.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(data + ": left out: " + PrintableText.some(left, MAX_LISTED));
    }

    /** What was chosen, once {@link #training} found it. */
    void record(TrainFile file, TrainRecord record) {
        record.withPath("pretrained_model_name_or_path", model(file));
        if (image == null) {
            record.withPath("img_dir", data.toString());
        } else {
            record.withPath("image", image.toString()).with("caption", caption);
            record.withPaths("references", references);
        }
        record.with("size", size(file));
    }

    /** As typed, or as in the file; null for the model's own. */
    private String size(TrainFile file) {
        if (size != null || file.string("size") != null) {
            return size == null ? file.string("size") : size;
        }
        Integer side = file.integer("img_size");
        return side == null ? null : side.toString();
    }

    private Training sized(Training training, TrainFile file) {
        String text = size(file);
        if (text == null) {
            return training;
        }
        return SIDE.matcher(text).matches()
                ? training.longestSide(Integer.parseInt(text))
                : training.size(Size.parse(text));
    }
}
