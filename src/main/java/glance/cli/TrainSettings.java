package glance.cli;

import glance.backend.AdamWSettings;
import glance.model.Family;
import glance.train.TrainingSettings;
import java.util.List;
import picocli.CommandLine.Option;

/** The options that decide what training does to an adapter. */
final class TrainSettings {
    private static final String CONSTANT = "constant";
    static final String WARMED_UP = "constant_with_warmup";

    @Option(names = "--steps", paramLabel = "N", description = "Optimizer steps of each adapter.")
    private Integer steps;

    @Option(names = "--rank", paramLabel = "N", description = "Inner dimension of the adapter.")
    private Integer rank;

    @Option(
            names = "--alpha",
            paramLabel = "X",
            description = "Strength of the adapter while it is trained: alpha / rank.")
    private Float alpha;

    @Option(names = "--rate", paramLabel = "X", description = "Learning rate, constant.")
    private Float rate;

    @Option(
            names = "--targets",
            paramLabel = "NAME",
            split = ",",
            description = "Modules to adapt, or their last parts, such as to_q,to_out.0.")
    private List<String> targets;

    @Option(
            names = "--caption-dropout",
            paramLabel = "P",
            description = "Share of the examples that are shown with a blank for a caption.")
    private Float captionDropout;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            description = "Steps in which the rate rises to its value. Default: 0.")
    private Integer warmup;

    @Option(
            names = "--accumulation",
            paramLabel = "N",
            description = "Examples for one step. Default: 1.")
    private Integer accumulation;

    @Option(
            names = "--max-grad-norm",
            paramLabel = "X",
            description = "Longer gradients are shortened to this. Default: 1.")
    private Float maxGradNorm;

    @Option(names = "--beta1", paramLabel = "X", description = "Of AdamW. Default: 0.9.")
    private Float beta1;

    @Option(names = "--beta2", paramLabel = "X", description = "Of AdamW. Default: 0.999.")
    private Float beta2;

    @Option(names = "--eps", paramLabel = "X", description = "Of AdamW. Default: 1e-8.")
    private Float eps;

    @Option(names = "--weight-decay", paramLabel = "X", description = "Of AdamW. Default: 0.01.")
    private Float weightDecay;

    @Option(
            names = "--adam8bit",
            arity = "1",
            paramLabel = "BOOL",
            description =
                    "Keep the optimizer's moments in 8 bits: a quarter of their memory, for small"
                            + " rounding errors. Default: false.")
    private Boolean adam8Bit;

    @Option(
            names = "--embedded-guidance",
            paramLabel = "X",
            description = "Guidance shown to models that take it as an input, such as FLUX.")
    private Float embeddedGuidance;

    @Option(
            names = "--seed",
            paramLabel = "N",
            converter = SeedConverter.class,
            description = "Of everything that is drawn by chance; -1 for a random one. Default: 0.")
    private Long seed;

    @Option(
            names = "--gradient-checkpointing",
            arity = "1",
            paramLabel = "BOOL",
            description =
                    "Compute the blocks again on the way back rather than keep them: less memory,"
                            + " more time, the same bits. Default: true.")
    private Boolean gradientCheckpointing;

    /**
     * The settings, from the options, else the file, else the family's defaults.
     *
     * @throws WrongUseException if one makes no sense
     */
    TrainingSettings resolve(TrainFile file, Family.Training defaults) {
        Float fileAlpha = first(file.number("lora_alpha"), file.number("alpha"));
        AdamWSettings usual = AdamWSettings.defaults();
        try {
            return new TrainingSettings(
                    first(targets, file.strings("target_modules"), defaults.targets()),
                    first(rank, file.integer("rank"), defaults.rank()),
                    first(alpha, fileAlpha, defaults.alpha()),
                    first(rate, file.number("learning_rate"), defaults.learningRate()),
                    first(warmup, warmup(file), 0),
                    first(steps, file.integer("max_train_steps"), defaults.steps()),
                    accumulation(file),
                    first(
                            captionDropout,
                            file.number("caption_dropout_rate"),
                            defaults.captionDropout()),
                    first(maxGradNorm, file.number("max_grad_norm"), 1f),
                    new AdamWSettings(
                            first(beta1, file.number("adam_beta1"), usual.beta1()),
                            first(beta2, file.number("adam_beta2"), usual.beta2()),
                            first(eps, file.number("adam_epsilon"), usual.eps()),
                            first(
                                    weightDecay,
                                    file.number("adam_weight_decay"),
                                    usual.weightDecay()),
                            first(adam8Bit, file.flag("adam8bit"), false)),
                    first(gradientCheckpointing, file.flag("gradient_checkpointing"), true),
                    first(seed, file.seed("seed"), 0L));
        } catch (IllegalArgumentException e) {
            throw new WrongUseException(e.getMessage());
        }
    }

    float embeddedGuidance(TrainFile file, Family.Training defaults) {
        return first(embeddedGuidance, file.number("guidance_scale"), defaults.embeddedGuidance());
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
