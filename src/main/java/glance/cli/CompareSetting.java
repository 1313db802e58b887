package glance.cli;

import glance.io.BuiltInModel;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.pipeline.Families;
import glance.pipeline.Guidance;
import glance.pipeline.ImageSession;
import java.util.List;
import java.util.stream.LongStream;
import picocli.CommandLine.Option;

/** The options that all runs of a comparison share. */
final class CompareSetting {
    private static final int MAX_SEEDS = 1000;

    @Option(
            names = "--model",
            paramLabel = "FOLDER",
            description =
                    "A model in diffusers layout. Default: the built-in " + BuiltInModel.NAME + ".")
    private String model = BuiltInModel.NAME;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            converter = SeedConverter.class,
            description = "The first seed; -1 for a random one. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--seeds",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "Seeds for each prompt, counting up; several show how much seeds matter."
                            + " Default: ${DEFAULT-VALUE}.")
    private int seeds;

    @Option(
            names = "--guidance",
            paramLabel = "SCALE",
            description = "Strength of guidance; 1 turns it off. Default: the model's own.")
    private Float guidance;

    @Option(
            names = "--embedded-guidance",
            paramLabel = "SCALE",
            description =
                    "Scale for models that take it as an input, as FLUX.1-dev does; others"
                            + " ignore it. Default: the model's own.")
    private Float embeddedGuidance;

    @Option(
            names = "--negative",
            paramLabel = "TEXT",
            description = "What guidance leads away from. Default: the model's own.")
    private String negative;

    @Option(
            names = "--size",
            paramLabel = "WxH",
            description = "Width and height in pixels. Default: the model's own.")
    private String size;

    /** The model as the user named it. */
    String model() {
        return model;
    }

    /**
     * The seeds, counting up.
     *
     * @throws WrongUseException if there are none or too many
     */
    List<Long> seeds() {
        requireRange("--seeds", seeds, MAX_SEEDS);
        return LongStream.range(0, seeds).mapToObj(i -> seed + i).toList();
    }

    /**
     * Prompts, size and guidance; what the user does not say is the model's own.
     *
     * @throws IllegalArgumentException if the size is malformed
     */
    ImageSession.Setting of(List<String> prompts, ModelFolder folder) {
        Family family = Families.of(folder);
        Family.Defaults defaults = Families.defaults(folder);
        int side = family.geometry(folder).defaultSize();
        PictureSize pixels = size == null ? new PictureSize(side, side) : PictureSize.parse(size);
        return new ImageSession.Setting(
                prompts,
                negative == null ? defaults.negative() : negative,
                pixels.width(),
                pixels.height(),
                new Guidance(
                        guidance == null ? defaults.guidance() : guidance,
                        defaults.rescale(),
                        embeddedGuidance == null ? defaults.embeddedGuidance() : embeddedGuidance));
    }

    static void requireRange(String option, int value, int most) {
        if (value < 1 || value > most) {
            throw new WrongUseException(
                    option
                            + " "
                            + value
                            + ": must be 1 or more"
                            + (most == Integer.MAX_VALUE ? "" : ", at most " + most));
        }
    }
}
