package glance.model;

import glance.api.Plan;
import glance.api.RequestException;
import glance.io.Config;
import glance.io.ModelFolder;
import glance.io.NameTable;
import glance.io.Weights;
import glance.lora.KeyMap;
import glance.model.part.ModelPart;
import glance.model.part.Recognised;
import glance.model.part.Variant;
import glance.ops.Ops;
import glance.schedule.FlowMatchSchedule;
import glance.schedule.NoiseSchedule;
import java.util.List;
import java.util.Optional;

/**
 * A kind of text-to-image model: how to open the parts of its published folder, and its defaults.
 * Parts are opened when they are needed and closed when they are done, so that a run's peak is the
 * largest part and not the sum.
 */
public interface Family {
    /** Short name, as in reports: {@code qwen-image}. */
    String name();

    /** {@code _class_name} in the model_index.json of its folders. */
    String pipelineClass();

    /** The same and further ones, of models that differ in what is done around the transformer. */
    default List<String> pipelineClasses() {
        return List.of(pipelineClass());
    }

    /** {@code _class_name} in the config.json of its transformers. */
    String transformerClass();

    /**
     * What a file with a transformer is, if it is one of this family.
     *
     * @param stored in any names that the family reads
     * @param base config.json of a model like it, for what shapes do not tell; may be empty
     */
    Optional<Recognised> recognise(Weights stored, Config base);

    /**
     * The parts that its models have beside the transformer.
     *
     * @param transformer config.json of the transformer
     */
    List<ModelPart> parts(Config transformer);

    /**
     * Published models whose files look alike, but for the file's name; where several marks fit,
     * the first counts.
     */
    default List<Variant> variants() {
        return List.of();
    }

    /** Those of them whose whole folders look alike, but for the folder's name. */
    default List<Variant> lookalikes() {
        return List.of();
    }

    /** Which of them a model is, if the file in place of its transformer says it by its name. */
    default Optional<Variant> variant(ModelFolder folder) {
        return Variant.named(folder.fileName("transformer"), variants());
    }

    /** What a run of this model uses where neither its folder nor the user chooses. */
    Defaults defaults(ModelFolder folder);

    /**
     * How adapters of this family are trained where the user does not choose. Here: as the paper
     * trains those of FLUX (Glance, arXiv 2512.02899).
     */
    default Training training() {
        return new Training(List.of("to_q", "to_k", "to_v", "to_out.0"), 16, 64, 5e-4f, 60, 0, 1);
    }

    /** The same where models of a family differ. */
    default Training training(ModelFolder folder) {
        return training();
    }

    /**
     * What a run is measured with: about as long as prompts are that describe a scene in two
     * sentences.
     */
    default String typicalPrompt() {
        return "word ".repeat(64).strip();
    }

    /** Sizes that a picture of this model may have, and the latents that it starts from. */
    Geometry geometry(ModelFolder folder);

    /** How a model takes pictures to look at; nothing if it draws from prompts alone. */
    default Optional<ReferenceRules> references(ModelFolder folder) {
        return Optional.empty();
    }

    /** The newest of the published models of this family that edit pictures, if there are any. */
    default Optional<String> editor() {
        return Optional.empty();
    }

    /** The noise levels that the model was trained for. */
    default NoiseSchedule schedule(ModelFolder folder) {
        return FlowMatchSchedule.read(folder.config("scheduler"));
    }

    /** The names of its first publishers for the transformer, where they differ from diffusers'. */
    default Optional<NameTable> originalNames() {
        return Optional.empty();
    }

    /** Names of the transformer's modules in adapter files. */
    KeyMap keyMap();

    /** How many tokens of a prompt it reads. */
    PromptTokens promptTokens(ModelFolder folder);

    /**
     * Whether samples of a batch may have texts of different lengths: what is beyond a text's
     * length changes nothing but roundings.
     */
    default boolean masksPadding() {
        return false;
    }

    /**
     * Loads what turns prompts into embeddings.
     *
     * @param maxTokens tokens of a prompt that are read, as {@link PromptTokens#of} tells
     */
    PromptEncoder openPromptEncoder(Ops ops, ModelFolder folder, int maxTokens);

    /** The same, for prompts of the model's usual length. */
    default PromptEncoder openPromptEncoder(Ops ops, ModelFolder folder) {
        return openPromptEncoder(ops, folder, promptTokens(folder).usual());
    }

    Denoiser openDenoiser(Ops ops, ModelFolder folder);

    LatentCodec openCodec(Ops ops, ModelFolder folder);

    /**
     * Defaults of a model; the size of its pictures is in its {@link Geometry}.
     *
     * @param plan the steps
     * @param guidance strength of classifier-free guidance, the model card's number
     * @param form how the model card counts it
     * @param negative negative prompt
     * @param rescale whether guidance keeps each token's length
     * @param embeddedGuidance scale for models that take it as an input; others ignore it
     */
    record Defaults(
            Plan plan,
            float guidance,
            GuidanceForm form,
            String negative,
            boolean rescale,
            float embeddedGuidance) {
        /** Defaults of models whose guidance is off at 1. */
        public Defaults(
                Plan plan,
                float guidance,
                String negative,
                boolean rescale,
                float embeddedGuidance) {
            this(plan, guidance, GuidanceForm.FROM_NEGATIVE, negative, rescale, embeddedGuidance);
        }

        /** Defaults of models whose guidance is off at 1 and that take no scale as an input. */
        public Defaults(Plan plan, float guidance, String negative, boolean rescale) {
            this(plan, guidance, negative, rescale, 0);
        }
    }

    /**
     * Defaults of training an adapter.
     *
     * @param targets modules, or their last parts
     * @param rank inner dimension
     * @param alpha the strength is alpha / rank
     * @param learningRate constant
     * @param steps optimizer steps
     * @param captionDropout share of the steps in which a blank takes the caption's place
     * @param embeddedGuidance scale shown to models that take it as an input
     */
    record Training(
            List<String> targets,
            int rank,
            float alpha,
            float learningRate,
            int steps,
            float captionDropout,
            float embeddedGuidance) {}

    /**
     * Geometry of a model.
     *
     * @param pixelsPerToken sides of a picture must be multiples of this
     * @param latentChannels channels of a latent pixel
     * @param patch latent pixels along each side of a token
     * @param defaultSize sides of a picture in pixels when the user does not choose
     * @param maxSize longest side that the model has positions for
     */
    record Geometry(
            int pixelsPerToken, int latentChannels, int patch, int defaultSize, int maxSize) {
        /** Geometry of a model that computes its positions, for pictures of any size. */
        public Geometry(int pixelsPerToken, int latentChannels, int patch, int defaultSize) {
            this(pixelsPerToken, latentChannels, patch, defaultSize, Integer.MAX_VALUE);
        }

        /**
         * Tokens of a picture of this size, whose sides must be multiples of pixelsPerToken.
         *
         * @throws RequestException if a side is longer than maxSize
         */
        public TokenGrid grid(int width, int height) {
            if (Math.max(width, height) > maxSize) {
                throw new RequestException(
                        "size "
                                + width
                                + "x"
                                + height
                                + ": this model draws at most "
                                + maxSize
                                + " pixels along a side");
            }
            return new TokenGrid(height / pixelsPerToken, width / pixelsPerToken);
        }
    }
}
