package glance.model.flux2;

import glance.api.Plans;
import glance.io.Config;
import glance.io.ModelFolder;
import glance.io.NameTable;
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

/** FLUX.2 [klein], distilled and base. */
public final class Flux2Family implements Family {
    /** Latent pixels along each side of a token. */
    private static final int PATCH = 2;

    /** The published pipeline's default picture is 128 latent pixels wide. */
    private static final int DEFAULT_LATENT_SIZE = 128;

    /** Of Flux2KleinPipeline: max_sequence_length, which it refuses to exceed. */
    private static final PromptTokens PROMPT_TOKENS = new PromptTokens(512, 512);

    /** The folder of the text encoder. */
    static final String TEXT_ENCODER = "text_encoder";

    /** The text encoder of the 9B model, and its name in ComfyUI. */
    private static final int WIDTH_OF_8B = 4096;

    private static final String NAME_OF_8B = "qwen3_8b";

    private static final TextEncoderNames TEXT_NAMES =
            new TextEncoderNames(TEXT_ENCODER, 1, 1, "qwen3_4b");

    /** Steps and guidance of the model cards. */
    private static final int DISTILLED_STEPS = 4;

    private static final float BASE_GUIDANCE = 4;

    private static final Variant BASE = new Variant("FLUX.2 [klein] base", "base");
    private static final Variant DISTILLED = new Variant("FLUX.2 [klein]", "distilled");

    /** All projections of attentions; single blocks have theirs in one with the MLP's. */
    private static final List<String> TRAINED_MODULES =
            List.of("to_q", "to_k", "to_v", "to_out.0", "to_qkv_mlp_proj", "to_out");

    @Override
    public String name() {
        return "flux2";
    }

    @Override
    public String pipelineClass() {
        return "Flux2KleinPipeline";
    }

    @Override
    public String transformerClass() {
        return "Flux2Transformer2DModel";
    }

    @Override
    public Optional<Recognised> recognise(Weights stored, Config base) {
        Recognised.Sizes sizes = new Recognised.Sizes(Flux2Names.TABLE.view(stored));
        int doubles = sizes.count("transformer_blocks.%d.ff.linear_in.weight");
        int singles = sizes.count("single_transformer_blocks.%d.attn.to_qkv_mlp_proj.weight");
        if (doubles == 0 || !sizes.has("double_stream_modulation_img.linear.weight")) {
            return Optional.empty();
        }
        int hiddenDim = sizes.of("x_embedder.weight", 0);
        boolean guidance = sizes.has("time_guidance_embed.guidance_embedder.linear_1.weight");
        int mlpDim = sizes.of("transformer_blocks.0.ff.linear_out.weight", 1);
        sizes.put("num_layers", doubles);
        sizes.put("num_single_layers", singles);
        sizes.put("in_channels", sizes.of("x_embedder.weight", 1));
        sizes.put("out_channels", sizes.of("proj_out.weight", 0));
        sizes.putRotaryHeads(
                hiddenDim,
                "transformer_blocks.0.attn.norm_q.weight",
                base,
                Flux2Config.PUBLISHED_AXES);
        sizes.put("joint_attention_dim", sizes.of("context_embedder.weight", 1));
        sizes.put("mlp_ratio", (double) mlpDim / Math.max(1, hiddenDim));
        sizes.put(
                "timestep_guidance_channels",
                sizes.of("time_guidance_embed.timestep_embedder.linear_1.weight", 1));
        sizes.put("guidance_embeds", guidance);
        return Optional.of(
                sizes.as(
                        "FLUX.2 "
                                + (guidance ? "[dev]" : "[klein]")
                                + ", %d + %d blocks of width %d"
                                        .formatted(doubles, singles, hiddenDim)
                                + Flux2Names.TABLE.note(stored),
                        hiddenDim));
    }

    @Override
    public List<ModelPart> parts(Config transformer) {
        int states = Flux2PromptEncoder.STATES.length;
        int width = transformer.positive("joint_attention_dim", 7680) / states;
        return List.of(
                ModelPart.textEncoder(
                        TEXT_ENCODER,
                        TextEncoderKind.QWEN3,
                        width == WIDTH_OF_8B ? NAME_OF_8B : TEXT_NAMES.comfyUi(),
                        width),
                ModelPart.autoencoder(
                        AutoencoderKlKind.KIND,
                        transformer.positive("in_channels", 128) / (PATCH * PATCH)));
    }

    @Override
    public List<Variant> variants() {
        return List.of(BASE, DISTILLED);
    }

    @Override
    public Optional<Variant> variant(ModelFolder folder) {
        boolean distilled = folder.index().flag("is_distilled", false);
        return Optional.of(Family.super.variant(folder).orElse(distilled ? DISTILLED : BASE));
    }

    @Override
    public Defaults defaults(ModelFolder folder) {
        return variant(folder).equals(Optional.of(DISTILLED))
                ? new Defaults(Plans.uniform(DISTILLED_STEPS), 1, "", false)
                : new Defaults(Plans.FULL, BASE_GUIDANCE, "", false);
    }

    /**
     * Rank, strength and rate are those of FLUX.1, whose blocks these are. Its targets would miss
     * the single-stream blocks, four of five here, so their fused layers are with them. Captions
     * drop out as for Qwen-Image, because the base model is guided away from the empty prompt.
     */
    @Override
    public Training training() {
        return new Training(TRAINED_MODULES, 16, 64, 5e-4f, 60, 0.1f, 1);
    }

    /**
     * The pipeline draws noise for packed latents, so what is packed for others is one pixel of
     * many channels here.
     */
    @Override
    public Geometry geometry(ModelFolder folder) {
        Config file = folder.config("transformer");
        Flux2Config transformer = Flux2Config.of(file);
        AutoencoderKlConfig vae = AutoencoderKlConfig.of(folder.config("vae"));
        vae.requireChannels(file, "in_channels", transformer.inChannels(), PATCH * PATCH);
        vae.requireChannels(file, "out_channels", transformer.outChannels(), PATCH * PATCH);
        return new Geometry(
                vae.scaleFactor() * PATCH,
                transformer.inChannels(),
                1,
                DEFAULT_LATENT_SIZE * vae.scaleFactor());
    }

    @Override
    public Optional<ReferenceRules> references(ModelFolder folder) {
        return Optional.of(new Flux2References(geometry(folder).pixelsPerToken()));
    }

    @Override
    public NoiseSchedule schedule(ModelFolder folder) {
        return FlowMatchSchedule.read(folder.config("scheduler")).withMu(new Flux2Mu());
    }

    @Override
    public Optional<NameTable> originalNames() {
        return Optional.of(Flux2Names.TABLE);
    }

    @Override
    public KeyMap keyMap() {
        return new Flux2KeyMap().withTextEncoders(TEXT_NAMES);
    }

    @Override
    public PromptTokens promptTokens(ModelFolder folder) {
        return PROMPT_TOKENS;
    }

    @Override
    public PromptEncoder openPromptEncoder(Ops ops, ModelFolder folder, int maxTokens) {
        QwenConfig config = encoderConfig(folder);
        ChatTemplate.require(folder.component("tokenizer"), false);
        PromptTokens tokens = new PromptTokens(maxTokens, PROMPT_TOKENS.most());
        return Loading.withTokenizer(
                folder,
                TEXT_ENCODER,
                (words, weights) -> new Flux2PromptEncoder(ops, words, config, weights, tokens));
    }

    private static QwenConfig encoderConfig(ModelFolder folder) {
        Config file = folder.config(TEXT_ENCODER);
        QwenConfig config = QwenConfig.of(file);
        int[] states = Flux2PromptEncoder.STATES;
        int deepest = states[states.length - 1];
        if (config.numLayers() < deepest) {
            throw file.refuse(
                    "num_hidden_layers",
                    "must be " + deepest + " or more, got " + config.numLayers(),
                    "use the text encoder of the model");
        }
        int width = states.length * config.hiddenDim();
        int expected = Flux2Config.of(folder.config("transformer")).textDim();
        if (width != expected) {
            throw folder.config("transformer")
                    .refuse(
                            "joint_attention_dim",
                            "expected "
                                    + width
                                    + ", three times the width of the text encoder, got "
                                    + expected,
                            "use the parts of one model");
        }
        return config;
    }

    @Override
    public Denoiser openDenoiser(Ops ops, ModelFolder folder) {
        Flux2Config config = Flux2Config.of(folder.config("transformer"));
        return Loading.open(folder, "transformer", w -> new Flux2Denoiser(ops, config, w));
    }

    @Override
    public LatentCodec openCodec(Ops ops, ModelFolder folder) {
        AutoencoderKlConfig config = AutoencoderKlConfig.of(folder.config("vae"));
        if (!config.batchNorm()) {
            throw folder.config("vae")
                    .refuse("batch_norm_eps", "is missing", "use the autoencoder of FLUX.2");
        }
        return Loading.open(folder, "vae", w -> new AutoencoderKlCodec(ops, config, w, PATCH));
    }
}
