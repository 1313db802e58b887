package glance.cli.train;

import glance.api.AdamWSettings;
import glance.api.Training;
import glance.cli.common.SeedConverter;
import glance.cli.common.WrongUseException;
import java.util.List;
import java.util.function.BiFunction;
import picocli.CommandLine.Option;

/** The options that decide what training does to an adapter. */
final class TrainSettings {
    private static final String CONSTANT = "constant";
    static final String WARMED_UP = "constant_with_warmup";

    @Option(
            names = "--steps",
            paramLabel = "N",
            description =
                    "Steps of each adapter. More while the loss still falls; fewer if pictures "
                            + "of other prompts begin to look like the training picture.")
    private Integer steps;

    @Option(
            names = "--rank",
            paramLabel = "N",
            description =
                    "Size of the adapter: the inner dimension of its matrices. Raise it if the "
                            + "adapter cannot learn the pictures; its file and memory grow with it.")
    private Integer rank;

    @Option(
            names = "--alpha",
            paramLabel = "X",
            description =
                    "The strength of the adapter while it is trained is alpha / rank. Change "
                            + "it with --rank to keep that.")
    private Float alpha;

    @Option(
            names = "--rate",
            paramLabel = "X",
            description =
                    "Learning rate, constant after --warmup. Lower it if the loss jumps; raise "
                            + "it if the loss hardly falls.")
    private Float rate;

    @Option(
            names = "--targets",
            paramLabel = "NAME",
            split = ",",
            description =
                    "Modules that get an adapter: names, or their last parts, such as "
                            + "to_q,to_out.0. Name more if a larger rank does not help.")
    private List<String> targets;

    @Option(
            names = "--caption-dropout",
            paramLabel = "P",
            description =
                    "Share of the examples that are shown with a blank for a caption, 0 to 1. "
                            + "Above 0 if you will draw with guidance, which also asks for a "
                            + "picture without the prompt.")
    private Float captionDropout;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            description =
                    "Steps in which the rate rises to its value. Raise it if the loss jumps in "
                            + "the first steps. Default: 0.")
    private Integer warmup;

    @Option(
            names = "--accumulation",
            paramLabel = "N",
            description =
                    "Examples for one step. Raise it if the loss is restless with many "
                            + "pictures; a step takes so many times as long. Default: 1.")
    private Integer accumulation;

    @Option(
            names = "--max-grad-norm",
            paramLabel = "X",
            description =
                    "Longer gradients are shortened to this, so that no single step does harm. "
                            + "Seldom changed. Default: 1.")
    private Float maxGradNorm;

    @Option(
            names = "--beta1",
            paramLabel = "X",
            description =
                    "Of AdamW: how slowly the mean of the gradients follows them, 0 to 1. "
                            + "Seldom changed. Default: 0.9.")
    private Float beta1;

    @Option(
            names = "--beta2",
            paramLabel = "X",
            description = "The same for the mean of their squares. Seldom changed. Default: 0.999.")
    private Float beta2;

    @Option(
            names = "--eps",
            paramLabel = "X",
            description =
                    "Of AdamW: keeps it from dividing by zero. Seldom changed. Default: 1e-8.")
    private Float eps;

    @Option(
            names = "--weight-decay",
            paramLabel = "X",
            description =
                    "Of AdamW: how strongly weights are pulled towards zero. Raise it if many "
                            + "steps on few pictures copy them. Default: 0.01.")
    private Float weightDecay;

    @Option(
            names = "--adam8bit",
            arity = "1",
            paramLabel = "BOOL",
            description =
                    "Keep the optimizer's moments in 8 bits: a quarter of their memory, for "
                            + "small rounding errors. For large ranks where memory is short. "
                            + "Default: false.")
    private Boolean adam8Bit;

    @Option(
            names = "--embedded-guidance",
            paramLabel = "X",
            description =
                    "Guidance shown to models that take it as an input, such as FLUX. Seldom "
                            + "changed. Default: 1.")
    private Float embeddedGuidance;

    @Option(
            names = "--seed",
            paramLabel = "N",
            converter = SeedConverter.class,
            description =
                    "Of everything that is drawn by chance; another one is another try. -1 for "
                            + "a random one. Default: 0.")
    private Long seed;

    @Option(
            names = "--gradient-checkpointing",
            arity = "1",
            paramLabel = "BOOL",
            description =
                    "Compute the blocks again on the way back rather than keep them: less "
                            + "memory, more time, the same bits. Turn it off where memory is "
                            + "plenty. Default: true.")
    private Boolean gradientCheckpointing;

    /** A training with these options, else what the file says. */
    Training over(Training training, TrainFile file) {
        AdamWSettings usual = training.optimizer();
        Training t = training.accumulation(accumulation(file));
        t =
                t.optimizer(
                        new AdamWSettings(
                                first(beta1, file.number("adam_beta1"), usual.beta1()),
                                first(beta2, file.number("adam_beta2"), usual.beta2()),
                                first(eps, file.number("adam_epsilon"), usual.eps()),
                                first(
                                        weightDecay,
                                        file.number("adam_weight_decay"),
                                        usual.weightDecay()),
                                first(adam8Bit, file.flag("adam8bit"), false)));
        Float fileAlpha = first(file.number("lora_alpha"), file.number("alpha"));
        Float fileDropout = file.number("caption_dropout_rate");
        Boolean fileCheckpointing = file.flag("gradient_checkpointing");
        t = set(t, targets, file.strings("target_modules"), Training::targets);
        t = set(t, rank, file.integer("rank"), Training::rank);
        t = set(t, alpha, fileAlpha, Training::alpha);
        t = set(t, rate, file.number("learning_rate"), Training::learningRate);
        t = set(t, warmup, warmup(file), Training::warmup);
        t = set(t, steps, file.integer("max_train_steps"), Training::steps);
        t = set(t, captionDropout, fileDropout, Training::captionDropout);
        t = set(t, maxGradNorm, file.number("max_grad_norm"), Training::maxGradNorm);
        t = set(t, gradientCheckpointing, fileCheckpointing, Training::gradientCheckpointing);
        t = set(t, embeddedGuidance, file.number("guidance_scale"), Training::embeddedGuidance);
        return set(t, seed, file.seed("seed"), Training::seed);
    }

    /** The training with the value of an option, else of the file, else as it is. */
    static <T> Training set(
            Training training, T option, T file, BiFunction<Training, T, Training> setter) {
        T value = first(option, file);
        return value == null ? training : setter.apply(training, value);
    }

    /** A batch is trained as that many examples of one step: the mean is the same. */
    private int accumulation(TrainFile file) {
        int batch = first(file.integer("train_batch_size"), 1);
        return first(accumulation, batch * first(file.integer("gradient_accumulation_steps"), 1));
    }

    /** The scheduler named constant has no warm-up, whatever its other settings say. */
    private static Integer warmup(TrainFile file) {
        String scheduler = first(file.string("lr_scheduler"), CONSTANT);
        return switch (scheduler) {
            case CONSTANT -> null;
            case WARMED_UP -> file.integer("lr_warmup_steps");
            default ->
                    throw new WrongUseException(
                            "lr_scheduler "
                                    + scheduler
                                    + ": expected "
                                    + CONSTANT
                                    + " or "
                                    + WARMED_UP);
        };
    }

    @SafeVarargs
    private static <T> T first(T... values) {
        for (T value : values) {
            if (value != null) {
                return value;
            }
        }
        return null;
    }
}
