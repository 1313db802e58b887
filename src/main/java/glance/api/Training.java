package glance.api;

import glance.api.Request.Size;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What adapters learn, and how: one adapter for each phase of a plan. What is not said is as in the
 * paper (Glance, arXiv 2512.02899) for the model's family.
 *
 * <pre>{@code
 * Training.of(Path.of("house.png"), "my house").phases("slow").steps(60).rank(8).seed(5);
 * Training.of(Path.of("snow.png"), "the house in snow").reference(Path.of("house.png"));
 * }</pre>
 *
 * Each method returns a changed copy. Values are checked against a model when they meet one.
 */
public final class Training implements Cloneable {
    private final Path pictures;
    private final String caption;
    private List<Path> references = List.of();
    private Plan plan = Plans.GLANCE;
    private List<String> phases = List.of();
    private List<String> targets;
    private Integer steps;
    private Integer rank;
    private Float alpha;
    private Float learningRate;
    private int warmup;
    private int accumulation = 1;
    private Float captionDropout;
    private float maxGradNorm = 1;
    private AdamWSettings optimizer = AdamWSettings.defaults();
    private boolean gradientCheckpointing = true;
    private Float embeddedGuidance;
    private long seed;
    private Size size;
    private Integer longestSide;
    private Integer maxPromptTokens;
    private int checkpointEvery = 20;
    private int sampleEvery;
    private String samplePrompt;
    private Path cache;
    private boolean resume;
    private boolean overwrite;

    private Training(Path pictures, String caption) {
        this.pictures = Objects.requireNonNull(pictures, "pictures");
        this.caption = caption;
    }

    private Training with(Consumer<Training> change) {
        try {
            Training copy = (Training) clone();
            change.accept(copy);
            return copy;
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }

    /** One picture, and what it shows. */
    public static Training of(Path picture, String caption) {
        return new Training(picture, Objects.requireNonNull(caption, "caption"));
    }

    /**
     * A folder of pictures: {@code cat.png} with its caption in {@code cat.txt}; for models that
     * edit, what it is made from in {@code cat.ref.png}, or {@code cat.ref1.png} and so on.
     */
    public static Training of(Path pictures) {
        return new Training(pictures, null);
    }

    /**
     * One picture more that the picture is made from, for models that edit: the caption says what
     * becomes of it. In a folder of pictures references are found by their names.
     *
     * @param picture a PNG, JPEG or WebP file
     * @throws RequestException if this is a training from a folder
     */
    public Training reference(Path picture) {
        List<Path> all = new ArrayList<>(references);
        all.add(picture);
        return references(all);
    }

    /**
     * These pictures, and no others, to make the picture from.
     *
     * @throws RequestException if this is a training from a folder
     */
    public Training references(List<Path> seen) {
        if (caption == null && !seen.isEmpty()) {
            throw new RequestException(
                    pictures
                            + ": is a folder, in which references are found by their names:"
                            + " NAME.ref.png beside NAME.png");
        }
        return with(t -> t.references = List.copyOf(seen));
    }

    /** The plan whose phases are trained: {@code glance} unless another is named. */
    public Training plan(Plan steps) {
        return with(t -> t.plan = Objects.requireNonNull(steps, "plan"));
    }

    /**
     * The same by the name of a plan.
     *
     * @throws RequestException if no plan has this name
     */
    public Training plan(String name) {
        return plan(Plans.of(name));
    }

    /** These phases of the plan, in this order; {@code all} makes one adapter for every step. */
    public Training phases(String... names) {
        return with(t -> t.phases = List.of(names));
    }

    /** Modules to adapt, or their last parts: {@code to_q}, {@code to_out.0}. */
    public Training targets(List<String> modules) {
        return with(t -> t.targets = List.copyOf(modules));
    }

    /** Optimizer steps of each adapter. */
    public Training steps(int count) {
        return with(t -> t.steps = count);
    }

    /** Inner dimension of the adapters. */
    public Training rank(int dimension) {
        return with(t -> t.rank = dimension);
    }

    /** Strength of the adapters while they are trained: alpha / rank. */
    public Training alpha(float value) {
        return with(t -> t.alpha = value);
    }

    /** Learning rate, constant after the warm-up. */
    public Training learningRate(float rate) {
        return with(t -> t.learningRate = rate);
    }

    /** Steps in which the learning rate rises to its value; 0 unless said. */
    public Training warmup(int count) {
        return with(t -> t.warmup = count);
    }

    /** Examples whose gradients are averaged for one step; 1 unless said. */
    public Training accumulation(int examples) {
        return with(t -> t.accumulation = examples);
    }

    /** Share of the examples that are shown with a blank for a caption, 0 to 1. */
    public Training captionDropout(float share) {
        return with(t -> t.captionDropout = share);
    }

    /** Longer gradients are shortened to this; 1 unless said. */
    public Training maxGradNorm(float norm) {
        return with(t -> t.maxGradNorm = norm);
    }

    /** Betas, epsilon, weight decay, and moments in 8 bits. */
    public Training optimizer(AdamWSettings constants) {
        return with(t -> t.optimizer = Objects.requireNonNull(constants, "optimizer"));
    }

    /**
     * Whether blocks are computed again on the way back rather than kept: less memory, more time,
     * the same bits. True unless said.
     */
    public Training gradientCheckpointing(boolean wanted) {
        return with(t -> t.gradientCheckpointing = wanted);
    }

    /** Guidance shown to models that take it as an input, as FLUX.1-dev does. */
    public Training embeddedGuidance(float scale) {
        return with(t -> t.embeddedGuidance = scale);
    }

    /** Of everything that is drawn by chance; 0 unless said. All 64 bits count. */
    public Training seed(long value) {
        return with(t -> t.seed = value);
    }

    /** One size in pixels for all pictures, which are cropped around the centre. */
    public Training size(Size pixels) {
        return with(
                t -> {
                    t.size = Objects.requireNonNull(pixels, "size");
                    t.longestSide = null;
                });
    }

    /** Longest side of the pictures in pixels; their shape is kept. */
    public Training longestSide(int pixels) {
        return with(
                t -> {
                    t.longestSide = pixels;
                    t.size = null;
                });
    }

    /** Tokens of a caption that are read, for models that leave the choice. */
    public Training maxPromptTokens(int tokens) {
        return with(t -> t.maxPromptTokens = tokens);
    }

    /** Steps between two checkpoints; 0 for only one at the end; 20 unless said. */
    public Training checkpointEvery(int count) {
        return with(t -> t.checkpointEvery = count);
    }

    /** Steps between two pictures that are drawn meanwhile; 0, unless said, for none. */
    public Training sampleEvery(int count) {
        return with(t -> t.sampleEvery = count);
    }

    /** What these pictures are to show; the first caption unless said. */
    public Training samplePrompt(String prompt) {
        return with(t -> t.samplePrompt = Objects.requireNonNull(prompt, "prompt"));
    }

    /** Where encoded captions and pictures are kept; the user's cache unless said. */
    public Training cache(Path folder) {
        return with(t -> t.cache = Objects.requireNonNull(folder, "cache"));
    }

    /** Goes on from the checkpoints that are there, or starts; ends with the same bits. */
    public Training resume() {
        return with(
                t -> {
                    t.resume = true;
                    t.overwrite = false;
                });
    }

    /** Starts anew and replaces what an earlier training left. */
    public Training overwrite() {
        return with(
                t -> {
                    t.overwrite = true;
                    t.resume = false;
                });
    }

    /** The picture, or without a {@link #caption()} the folder of pictures. */
    public Path pictures() {
        return pictures;
    }

    /** What the picture shows. */
    public Optional<String> caption() {
        return Optional.ofNullable(caption);
    }

    /** Pictures that the picture is made from. */
    public List<Path> references() {
        return references;
    }

    /** The plan whose phases are trained. */
    public Plan plan() {
        return plan;
    }

    /** The phases to train; none for all of the plan. */
    public List<String> phases() {
        return phases;
    }

    /** Modules to adapt, if they were said. */
    public Optional<List<String>> targets() {
        return Optional.ofNullable(targets);
    }

    /** Optimizer steps, if they were said. */
    public Optional<Integer> steps() {
        return Optional.ofNullable(steps);
    }

    /** Inner dimension, if it was said. */
    public Optional<Integer> rank() {
        return Optional.ofNullable(rank);
    }

    /** Strength times rank, if it was said. */
    public Optional<Float> alpha() {
        return Optional.ofNullable(alpha);
    }

    /** Learning rate, if it was said. */
    public Optional<Float> learningRate() {
        return Optional.ofNullable(learningRate);
    }

    /** Steps of the warm-up. */
    public int warmup() {
        return warmup;
    }

    /** Examples for one step. */
    public int accumulation() {
        return accumulation;
    }

    /** Share of the examples without their caption, if it was said. */
    public Optional<Float> captionDropout() {
        return Optional.ofNullable(captionDropout);
    }

    /** Length that no gradient exceeds. */
    public float maxGradNorm() {
        return maxGradNorm;
    }

    /** Constants of the optimizer. */
    public AdamWSettings optimizer() {
        return optimizer;
    }

    /** Whether blocks are computed again on the way back. */
    public boolean gradientCheckpointing() {
        return gradientCheckpointing;
    }

    /** Guidance that a model takes as an input, if it was said. */
    public Optional<Float> embeddedGuidance() {
        return Optional.ofNullable(embeddedGuidance);
    }

    /** Of everything that is drawn by chance. */
    public long seed() {
        return seed;
    }

    /** One size for all pictures, if it was said. */
    public Optional<Size> size() {
        return Optional.ofNullable(size);
    }

    /** Longest side of the pictures, if it was said. */
    public Optional<Integer> longestSide() {
        return Optional.ofNullable(longestSide);
    }

    /** Tokens of a caption that are read, if it was said. */
    public Optional<Integer> maxPromptTokens() {
        return Optional.ofNullable(maxPromptTokens);
    }

    /** Steps between two checkpoints; 0 for only one at the end. */
    public int checkpointEvery() {
        return checkpointEvery;
    }

    /** Steps between two samples; 0 for none. */
    public int sampleEvery() {
        return sampleEvery;
    }

    /** What samples show, if it was said. */
    public Optional<String> samplePrompt() {
        return Optional.ofNullable(samplePrompt);
    }

    /** Where encodings are kept, if it was said. */
    public Optional<Path> cache() {
        return Optional.ofNullable(cache);
    }

    /** Whether to go on from checkpoints. */
    public boolean resumes() {
        return resume;
    }

    /** Whether to replace what is there. */
    public boolean overwrites() {
        return overwrite;
    }
}
