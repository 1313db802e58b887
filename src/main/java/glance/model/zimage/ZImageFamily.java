package glance.model.zimage;

import glance.api.Plans;
import glance.io.Config;
import glance.io.ModelFolder;
import glance.io.NameTable;
import glance.io.Weights;
import glance.lora.KeyMap;
import glance.lora.TextEncoderNames;
import glance.model.Denoiser;
import glance.model.Family;
import glance.model.GuidanceForm;
import glance.model.LatentCodec;
import glance.model.Loading;
import glance.model.PromptEncoder;
import glance.model.PromptTokens;
import glance.model.autoencoderkl.AutoencoderKlCodec;
import glance.model.autoencoderkl.AutoencoderKlConfig;
import glance.model.autoencoderkl.AutoencoderKlKind;
import glance.model.part.ModelPart;
import glance.model.part.Recognised;
import glance.model.part.Variant;
import glance.model.text.ChatTemplate;
import glance.model.text.QwenConfig;
import glance.model.text.TextEncoderKind;
import glance.ops.Ops;
import glance.schedule.FlowMatchSchedule;
import glance.schedule.NoiseSchedule;
import java.util.List;
import java.util.Optional;

/** Z-Image, Turbo and Base. */
public final class ZImageFamily implements Family {
    private static final int PATCH = ZImageConfig.PATCH;

    /** The published pipeline's default picture is 128 latent pixels wide. */
    private static final int DEFAULT_LATENT_SIZE = 128;

    /** Of ZImagePipeline: max_sequence_length, and the positions that texts have. */
    private static final PromptTokens PROMPT_TOKENS = new PromptTokens(512, 1024);

    /** The folder of the text encoder. */
    static final String TEXT_ENCODER = "text_encoder";

    private static final String TRANSFORMER = "transformer";

    private static final TextEncoderNames TEXT_NAMES =
            new TextEncoderNames(TEXT_ENCODER, 1, 1, "qwen3_4b");

    /** Steps and guidance of the model cards. */
    private static final int TURBO_STEPS = 9;

    private static final float BASE_GUIDANCE = 4;

    /** The published shifts of the schedulers. */
    private static final double TURBO_SHIFT = 3;

    private static final double BASE_SHIFT = 6;

    private static final Variant TURBO = new Variant("Z-Image-Turbo", "turbo");
    private static final Variant BASE = new Variant("Z-Image", "^z[-_ ]?image");

    private static final List<String> TRAINED_MODULES =
            List.of("to_q", "to_k", "to_v", "to_out.0", "feed_forward.w2", "adaLN_modulation.0");

    @Override
    public String name() {
        return "z-image";
    }

    @Override
    public String pipelineClass() {
        return "ZImagePipeline";
    }

    @Override
    public String transformerClass() {
        return "ZImageTransformer2DModel";
    }

    @Override
    public Optional<Recognised> recognise(Weights stored, Config base) {
        Recognised.Sizes sizes = new Recognised.Sizes(ZImageNames.TABLE.view(stored));
        int blocks = sizes.count("layers.%d.attention.to_q.weight");
        String in = "all_x_embedder.2-1.weight";
        if (blocks == 0 || !sizes.has("cap_embedder.1.weight") || !sizes.has(in)) {
            return Optional.empty();
        }
        int hiddenDim = sizes.of(in, 0);
        int headDim = Math.max(1, sizes.of("layers.0.attention.norm_q.weight", 0));
        sizes.put("dim", hiddenDim);
        sizes.put("in_channels", sizes.of(in, 1) / (PATCH * PATCH));
        sizes.put("n_layers", blocks);
        sizes.put(
                "n_refiner_layers",
                Integer.valueOf(sizes.count("noise_refiner.%d.attention.to_q.weight")));
        sizes.put("cap_feat_dim", sizes.of("cap_embedder.1.weight", 1));
        sizes.putHeads("n_heads", hiddenDim, headDim);
        sizes.putHeads("n_kv_heads", hiddenDim, headDim);
        List<Integer> axes =
                base.has("axes_dims") ? base.integers("axes_dims") : ZImageConfig.PUBLISHED_AXES;
        sizes.require(
                axes.stream().mapToInt(size -> size).sum() == headDim,
                "no shape tells axes_dims of its heads of " + headDim);
        return Optional.of(
                sizes.as(
                        "Z-Image, %d blocks of width %d".formatted(blocks, hiddenDim)
                                + ZImageNames.TABLE.note(stored),
                        hiddenDim));
    }

    @Override
    public List<ModelPart> parts(Config transformer) {
        return List.of(
                ModelPart.textEncoder(
                        TEXT_ENCODER,
                        TextEncoderKind.QWEN3,
                        TEXT_NAMES.comfyUi(),
                        transformer.positive("cap_feat_dim", 2560)),
                ModelPart.autoencoder(
                        AutoencoderKlKind.KIND, transformer.positive("in_channels", 16)));
    }

    @Override
    public List<Variant> variants() {
        return List.of(TURBO, BASE);
    }

    /** If no file tells, the scheduler does: the published ones differ in their shift. */
    @Override
    public Optional<Variant> variant(ModelFolder folder) {
        double shift = folder.config("scheduler").number("shift", TURBO_SHIFT);
        return Optional.of(
                Family.super.variant(folder).orElse(shift <= TURBO_SHIFT ? TURBO : BASE));
    }

    @Override
    public Defaults defaults(ModelFolder folder) {
        return variant(folder).equals(Optional.of(TURBO))
                ? guided(TURBO_STEPS, GuidanceForm.BEYOND_PROMPT.off())
                : guided(50, BASE_GUIDANCE);
    }

    private static Defaults guided(int steps, float guidance) {
        return new Defaults(
                steps == 50 ? Plans.FULL : Plans.uniform(steps),
                guidance,
                GuidanceForm.BEYOND_PROMPT,
                "",
                false,
                0);
    }

    /** A file that says what it is brings the shift that it was published with. */
    @Override
    public NoiseSchedule schedule(ModelFolder folder) {
        FlowMatchSchedule schedule = FlowMatchSchedule.read(folder.config("scheduler"));
        return Family.super
                .variant(folder)
                .map(own -> schedule.withShift(own.equals(TURBO) ? TURBO_SHIFT : BASE_SHIFT))
                .orElse(schedule);
    }

    /**
     * As the paper trains adapters of Qwen-Image (Glance, arXiv 2512.02899), the other model of
     * many steps and true guidance: rank, strength, rate and steps, and the same modules, which are
     * the attention, the end of the MLP and the modulation. Blanks for some captions keep the
     * prediction without a prompt, which the guidance of Base needs. The blocks of the text have
     * modules of the same names; a Slow and a Fast adapter may each refine it in its own way.
     */
    @Override
    public Training training() {
        return new Training(TRAINED_MODULES, 32, 128, 3e-4f, 60, 0.1f, 0);
    }

    @Override
    public Geometry geometry(ModelFolder folder) {
        Config file = folder.config(TRANSFORMER);
        ZImageConfig transformer = ZImageConfig.of(file);
        AutoencoderKlConfig vae = AutoencoderKlConfig.of(folder.config("vae"));
        vae.requireChannels(file, "in_channels", transformer.channels(), 1);
        return new Geometry(
                vae.scaleFactor() * PATCH,
                vae.latentChannels(),
                PATCH,
                DEFAULT_LATENT_SIZE * vae.scaleFactor());
    }

    @Override
    public Optional<NameTable> originalNames() {
        return Optional.of(ZImageNames.TABLE);
    }

    @Override
    public KeyMap keyMap() {
        return KeyMap.of(ZImageNames.TABLE).withTextEncoders(TEXT_NAMES);
    }

    @Override
    public PromptTokens promptTokens(ModelFolder folder) {
        return PROMPT_TOKENS;
    }

    @Override
    public boolean masksPadding() {
        return true;
    }

    @Override
    public PromptEncoder openPromptEncoder(Ops ops, ModelFolder folder, int maxTokens) {
        QwenConfig config = QwenConfig.of(folder.config(TEXT_ENCODER));
        int expected = ZImageConfig.of(folder.config(TRANSFORMER)).textDim();
        if (config.hiddenDim() != expected) {
            throw folder.config(TRANSFORMER)
                    .refuse(
                            "cap_feat_dim",
                            "expected "
                                    + config.hiddenDim()
                                    + " as the text encoder has, got "
                                    + expected,
                            "use the parts of one model");
        }
        ChatTemplate.require(folder.component("tokenizer"), true);
        PromptTokens tokens = new PromptTokens(maxTokens, PROMPT_TOKENS.most());
        return Loading.withTokenizer(
                folder,
                TEXT_ENCODER,
                (words, weights) -> new ZImagePromptEncoder(ops, words, config, weights, tokens));
    }

    @Override
    public Denoiser openDenoiser(Ops ops, ModelFolder folder) {
        ZImageConfig config = ZImageConfig.of(folder.config(TRANSFORMER));
        return Loading.open(folder, TRANSFORMER, w -> new ZImageDenoiser(ops, config, w));
    }

    @Override
    public LatentCodec openCodec(Ops ops, ModelFolder folder) {
        AutoencoderKlConfig config = AutoencoderKlConfig.of(folder.config("vae"));
        return Loading.open(folder, "vae", w -> new AutoencoderKlCodec(ops, config, w, PATCH));
    }
}
