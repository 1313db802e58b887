package glance.model.qwenimage;

import glance.api.Plan;
import glance.api.Plans;
import glance.io.Config;
import glance.io.ModelFolder;
import glance.io.Weights;
import glance.lora.KeyMap;
import glance.lora.TextEncoderNames;
import glance.model.Denoiser;
import glance.model.Family;
import glance.model.LatentCodec;
import glance.model.Loading;
import glance.model.PromptEncoder;
import glance.model.PromptTokens;
import glance.model.ReferenceRules;
import glance.model.autoencoderqwen.AutoencoderConfig;
import glance.model.autoencoderqwen.QwenImageAutoencoderKind;
import glance.model.autoencoderqwen.QwenImageCodec;
import glance.model.part.ModelPart;
import glance.model.part.Recognised;
import glance.model.part.Variant;
import glance.model.text.QwenConfig;
import glance.model.text.QwenPictures;
import glance.model.text.QwenVisionConfig;
import glance.model.text.TextEncoderKind;
import glance.ops.Ops;
import glance.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Qwen-Image and models in its layout: glance-tiny is one, and Qwen-Image-Edit, which draws what a
 * prompt makes of pictures.
 */
public final class QwenImageFamily implements Family {
    /** Of QwenImagePipeline: max_sequence_length, and what it refuses to exceed. */
    private static final PromptTokens PROMPT_TOKENS = new PromptTokens(512, 1024);

    /** The published pipelines for editing read all of a prompt; so do we, as far as we can. */
    private static final PromptTokens EDIT_TOKENS = new PromptTokens(1024, 1024);

    /** Keys of model_index.json with areas in pixels, for models of another size. */
    private static final String DESCRIBED_AREA = "condition_area";

    private static final String SEEN_AREA = "reference_area";

    /** The published pipeline's default picture is 128 latent pixels wide. */
    private static final int DEFAULT_LATENT_SIZE = 128;

    /**
     * glance-tiny was trained on 64 x 64 pixels only; models this narrow are for pictures like
     * that.
     */
    private static final int TINY_HIDDEN_DIM = 512;

    private static final int TINY_SIZE = 64;

    /** The published size of a picture in pixels. */
    private static final int DEFAULT_SIZE = 1024;

    /** More than that no picture has that can be looked at. */
    private static final int MOST_AREA = 1 << 26;

    /** The folder of what makes pictures ready for the text encoder. */
    private static final String PROCESSOR = "processor";

    private static final String TRANSFORMER = "transformer";

    /** The folder of the text encoder. */
    static final String TEXT_ENCODER = "text_encoder";

    private static final TextEncoderNames TEXT_NAMES =
            new TextEncoderNames(TEXT_ENCODER, 1, 1, "qwen25_7b");

    private static final Variant LATER =
            new Variant("Qwen-Image-2512", "qwen[-_ ]?image[-_ ]?2512");

    /** Those of the paper's adapters. */
    private static final List<String> TRAINED_MODULES =
            List.of(
                    "to_q",
                    "to_k",
                    "to_v",
                    "add_q_proj",
                    "add_k_proj",
                    "add_v_proj",
                    "to_out.0",
                    "to_add_out",
                    "img_mlp.net.2",
                    "img_mod.1",
                    "txt_mlp.net.2",
                    "txt_mod.1");

    /** The paper's learning rates: section 4, and for Qwen-Image-Edit appendix A. */
    private static final float DRAWING_RATE = 3e-4f;

    private static final float EDITING_RATE = 2e-4f;

    @Override
    public String name() {
        return "qwen-image";
    }

    @Override
    public String pipelineClass() {
        return "QwenImagePipeline";
    }

    @Override
    public List<String> pipelineClasses() {
        return Stream.concat(
                        Stream.of(pipelineClass()),
                        Arrays.stream(QwenImageEdit.values()).map(QwenImageEdit::pipelineClass))
                .distinct()
                .toList();
    }

    @Override
    public String transformerClass() {
        return "QwenImageTransformer2DModel";
    }

    @Override
    public Optional<Recognised> recognise(Weights stored, Config base) {
        Recognised.Sizes sizes = new Recognised.Sizes(stored.transformer());
        int blocks = sizes.count("transformer_blocks.%d.img_mod.1.weight");
        if (blocks == 0 || !sizes.has("txt_norm.weight")) {
            return Optional.empty();
        }
        int hiddenDim = sizes.of("img_in.weight", 0);
        sizes.put("num_layers", blocks);
        sizes.put("in_channels", sizes.of("img_in.weight", 1));
        sizes.putRotaryHeads(hiddenDim, "transformer_blocks.0.attn.norm_q.weight", base);
        sizes.put("joint_attention_dim", sizes.of("txt_in.weight", 1));
        if (sizes.has(QwenImageTransformer.STILL_MARK)) {
            sizes.put(QwenImageConfig.STILL, true);
        }
        return Optional.of(
                sizes.as(
                        "Qwen-Image, %d blocks of width %d".formatted(blocks, hiddenDim),
                        hiddenDim));
    }

    @Override
    public List<ModelPart> parts(Config transformer) {
        int patch = transformer.count("patch_size", 2);
        return List.of(
                ModelPart.textEncoder(
                        TEXT_ENCODER,
                        TextEncoderKind.QWEN25_VL,
                        TEXT_NAMES.comfyUi(),
                        transformer.positive("joint_attention_dim", 3584)),
                ModelPart.autoencoder(
                        QwenImageAutoencoderKind.KIND,
                        transformer.positive("in_channels", 64) / (patch * patch)));
    }

    @Override
    public List<Variant> variants() {
        return Stream.concat(QwenImageEdit.variants().stream(), lookalikes().stream()).toList();
    }

    /** The config.json of the later model is that of the first. */
    @Override
    public List<Variant> lookalikes() {
        return List.of(LATER);
    }

    @Override
    public Optional<Variant> variant(ModelFolder folder) {
        return edits(folder)
                .map(QwenImageEdit::variant)
                .or(() -> Family.super.variant(folder).filter(LATER::equals));
    }

    /**
     * Which of the models that edit this is. A file in place of the transformer tells by its mark
     * or else by its name; where it does neither, the folder does.
     */
    private Optional<QwenImageEdit> edits(ModelFolder folder) {
        if (folder.told(TRANSFORMER).flag(QwenImageConfig.STILL, false)) {
            return Optional.of(QwenImageEdit.STILL);
        }
        Optional<Variant> named = Family.super.variant(folder);
        return named.isPresent() ? QwenImageEdit.of(named.get()) : ofFolder(folder);
    }

    private Optional<QwenImageEdit> ofFolder(ModelFolder folder) {
        if (folder.pipelineClass().equals(QwenImageEdit.ONE.pipelineClass())) {
            return Optional.of(QwenImageEdit.ONE);
        }
        boolean still =
                folder.has(TRANSFORMER)
                        && folder.config(TRANSFORMER).flag(QwenImageConfig.STILL, false);
        if (still) {
            return Optional.of(QwenImageEdit.STILL);
        }
        return folder.pipelineClass().equals(pipelineClass())
                ? Optional.empty()
                : Optional.of(QwenImageEdit.PLUS);
    }

    /**
     * Files do not always say how references are modulated, but their names may; what the folder
     * says is about its own transformer.
     */
    QwenImageConfig config(ModelFolder folder) {
        Config config = folder.config(TRANSFORMER);
        if (Family.super.variant(folder).isEmpty()) {
            return QwenImageConfig.of(config);
        }
        boolean still = edits(folder).filter(edit -> edit == QwenImageEdit.STILL).isPresent();
        return QwenImageConfig.of(config.with(Map.of(QwenImageConfig.STILL, still)));
    }

    @Override
    public Defaults defaults(ModelFolder folder) {
        Plan plan = edits(folder).map(edit -> Plans.uniform(edit.steps())).orElse(Plans.GLANCE);
        return new Defaults(plan, 4, " ", true);
    }

    @Override
    public Optional<ReferenceRules> references(ModelFolder folder) {
        return edits(folder).map(edit -> references(folder, edit));
    }

    private ReferenceRules references(ModelFolder folder, QwenImageEdit edit) {
        Geometry geometry = geometry(folder);
        int side = geometry.defaultSize();
        int described = side * edit.describedSide() / DEFAULT_SIZE;
        int seen = area(folder.index(), SEEN_AREA, side * side);
        int usual = edit == QwenImageEdit.ONE ? seen : described * described;
        return new QwenImageReferences(
                edit.most(),
                area(folder.index(), DESCRIBED_AREA, usual),
                seen,
                geometry.pixelsPerToken());
    }

    private static int area(Config index, String key, int usual) {
        return index.integer(key, usual, 1, MOST_AREA);
    }

    @Override
    public Optional<String> editor() {
        return Optional.of(QwenImageEdit.STILL.variant().title());
    }

    @Override
    public Training training() {
        return training(DRAWING_RATE);
    }

    @Override
    public Training training(ModelFolder folder) {
        return training(edits(folder).isPresent() ? EDITING_RATE : DRAWING_RATE);
    }

    private static Training training(float rate) {
        return new Training(TRAINED_MODULES, 32, 128, rate, 60, 0.1f, 0);
    }

    @Override
    public Geometry geometry(ModelFolder folder) {
        QwenImageConfig transformer = config(folder);
        AutoencoderConfig vae = AutoencoderConfig.of(folder.config("vae"));
        int patch = transformer.patchSize();
        vae.requireChannels(folder.config(TRANSFORMER), transformer.inChannels(), patch * patch);
        int size =
                transformer.hiddenDim() <= TINY_HIDDEN_DIM
                        ? TINY_SIZE
                        : DEFAULT_LATENT_SIZE * vae.scaleFactor();
        return new Geometry(vae.scaleFactor() * patch, vae.latentChannels(), patch, size);
    }

    @Override
    public KeyMap keyMap() {
        return KeyMap.identity().withTextEncoders(TEXT_NAMES);
    }

    @Override
    public PromptTokens promptTokens(ModelFolder folder) {
        return edits(folder).isPresent() ? EDIT_TOKENS : PROMPT_TOKENS;
    }

    @Override
    public boolean masksPadding() {
        return true;
    }

    @Override
    public PromptEncoder openPromptEncoder(Ops ops, ModelFolder folder, int maxTokens) {
        QwenConfig config = QwenConfig.of(folder.config(TEXT_ENCODER));
        PromptTokens tokens = new PromptTokens(maxTokens, PROMPT_TOKENS.most());
        Optional<QwenImagePromptEncoder.Editing> editing =
                edits(folder).map(edit -> editing(folder, edit));
        return Loading.withTokenizer(
                folder,
                TEXT_ENCODER,
                (words, weights) -> {
                    editing.ifPresent(own -> requireUnit(words, own.vision(), folder));
                    return new QwenImagePromptEncoder(ops, words, config, editing, weights, tokens);
                });
    }

    /** What the tokenizer reads for a picture has to be what the text encoder takes for one. */
    private static void requireUnit(Tokenizer words, QwenVisionConfig vision, ModelFolder folder) {
        int[] ids = words.encode(QwenImageEdit.UNIT);
        if (ids.length != 1 || ids[0] != vision.imageToken()) {
            throw folder.config(TEXT_ENCODER)
                    .refuse(
                            "image_token_id",
                            "must be what the tokenizer reads for "
                                    + QwenImageEdit.UNIT
                                    + ", "
                                    + Arrays.toString(ids)
                                    + ", got "
                                    + vision.imageToken(),
                            "use the tokenizer and the text encoder of one model");
        }
    }

    private static QwenImagePromptEncoder.Editing editing(ModelFolder folder, QwenImageEdit edit) {
        QwenVisionConfig vision = QwenVisionConfig.of(folder.config(TEXT_ENCODER));
        Config processor = folder.usual(PROCESSOR);
        QwenPictures pictures = QwenPictures.of(processor);
        if (pictures.patchSize() != vision.patchSize()
                || pictures.mergeSize() != vision.mergeSize()
                || pictures.frames() != vision.frames()) {
            throw processor.refuse(
                    "patch_size",
                    "patches must be those of the text encoder, "
                            + vision.patchSize()
                            + " pixels, got "
                            + pictures.patchSize(),
                    "use the parts of one model");
        }
        return new QwenImagePromptEncoder.Editing(edit, vision, pictures);
    }

    @Override
    public Denoiser openDenoiser(Ops ops, ModelFolder folder) {
        QwenImageConfig config = config(folder);
        return Loading.open(folder, TRANSFORMER, w -> new QwenImageDenoiser(ops, config, w));
    }

    @Override
    public LatentCodec openCodec(Ops ops, ModelFolder folder) {
        AutoencoderConfig config = AutoencoderConfig.of(folder.config("vae"));
        return Loading.open(folder, "vae", w -> new QwenImageCodec(ops, config, w));
    }
}
