package glance.model.flux;

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
import glance.model.PromptEncoder;
import glance.model.PromptTokens;
import glance.model.ReferenceRules;
import glance.model.autoencoderkl.AutoencoderKlCodec;
import glance.model.autoencoderkl.AutoencoderKlConfig;
import glance.model.autoencoderkl.AutoencoderKlKind;
import glance.model.part.ModelPart;
import glance.model.part.Recognised;
import glance.model.part.Variant;
import glance.model.text.ClipTextConfig;
import glance.model.text.T5Config;
import glance.model.text.TextEncoderKind;
import glance.ops.Ops;
import glance.tokenizer.Tokenizer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** FLUX.1 and models in its layout. */
public final class FluxFamily implements Family {
    /** The published pipeline packs latents itself; the transformer's patch_size is 1. */
    private static final int PATCH = 2;

    /** The published pipeline's default picture is 128 latent pixels wide. */
    private static final int DEFAULT_LATENT_SIZE = 128;

    /** FLUX.1 Kontext: the network of FLUX.1 [dev], trained to edit a picture. */
    private static final Variant KONTEXT = new Variant("FLUX.1 Kontext [dev]", "kontext");

    private static final String KONTEXT_CLASS = "FluxKontextPipeline";

    /** Folders of the text encoders. */
    static final String CLIP = "text_encoder";

    static final String T5 = "text_encoder_2";

    private static final TextEncoderNames CLIP_NAMES = new TextEncoderNames(CLIP, 1, 1, "clip_l");
    private static final TextEncoderNames T5_NAMES = new TextEncoderNames(T5, 3, 2, "t5xxl");

    /** Prompt length of the guidance-distilled model (dev), and of the one without (schnell). */
    private static final int DEV_TOKENS = 512;

    private static final int SCHNELL_TOKENS = 256;

    /** What T5 was trained with; the published pipeline refuses more. */
    private static final int MOST_TOKENS = 512;

    @Override
    public String name() {
        return "flux";
    }

    @Override
    public String pipelineClass() {
        return "FluxPipeline";
    }

    @Override
    public List<String> pipelineClasses() {
        return List.of(pipelineClass(), KONTEXT_CLASS);
    }

    @Override
    public String transformerClass() {
        return "FluxTransformer2DModel";
    }

    @Override
    public Optional<Recognised> recognise(Weights stored, Config base) {
        Weights weights = FluxNames.TABLE.view(stored);
        Recognised.Sizes sizes = new Recognised.Sizes(weights);
        int doubles = sizes.count("transformer_blocks.%d.attn.add_q_proj.weight");
        int singles = sizes.count("single_transformer_blocks.%d.proj_mlp.weight");
        // FLUX.2 has blocks of these names, but no pooled text
        String pooled = "time_text_embed.text_embedder.linear_1.weight";
        if (doubles == 0 || !sizes.has("x_embedder.weight") || !sizes.has(pooled)) {
            return Optional.empty();
        }
        int hiddenDim = sizes.of("x_embedder.weight", 0);
        boolean guidance = sizes.has("time_text_embed.guidance_embedder.linear_1.weight");
        sizes.put("num_layers", doubles);
        sizes.put("num_single_layers", singles);
        sizes.put("in_channels", sizes.of("x_embedder.weight", 1));
        sizes.put("out_channels", sizes.of("proj_out.weight", 0));
        sizes.putRotaryHeads(hiddenDim, "transformer_blocks.0.attn.norm_q.weight", base);
        sizes.put("joint_attention_dim", sizes.of("context_embedder.weight", 1));
        sizes.put("pooled_projection_dim", sizes.of(pooled, 1));
        sizes.put("guidance_embeds", guidance);
        return Optional.of(
                sizes.as(
                        "FLUX.1 "
                                + (guidance ? "[dev]" : "[schnell]")
                                + ", %d + %d blocks of width %d"
                                        .formatted(doubles, singles, hiddenDim)
                                + FluxNames.TABLE.note(stored),
                        hiddenDim));
    }

    @Override
    public List<ModelPart> parts(Config transformer) {
        int pooled = transformer.positive("pooled_projection_dim", 768);
        int text = transformer.positive("joint_attention_dim", 4096);
        int channels = transformer.positive("in_channels", 64) / (PATCH * PATCH);
        return List.of(
                ModelPart.textEncoder(CLIP, TextEncoderKind.CLIP, CLIP_NAMES.comfyUi(), pooled),
                ModelPart.textEncoder(T5, TextEncoderKind.T5, T5_NAMES.comfyUi(), text),
                ModelPart.autoencoder(AutoencoderKlKind.KIND, channels));
    }

    /**
     * The model without guidance input (schnell) was distilled to four steps; those of Kontext are
     * on its model card.
     */
    @Override
    public Defaults defaults(ModelFolder folder) {
        if (isKontext(folder)) {
            return new Defaults(Plans.uniform(28), 1, "", false, 2.5f);
        }
        return FluxConfig.of(folder.config("transformer")).guidanceEmbeds()
                ? new Defaults(Plans.GLANCE, 1, "", false, 3.5f)
                : new Defaults(Plans.uniform(4), 1, "", false);
    }

    @Override
    public Geometry geometry(ModelFolder folder) {
        Config file = folder.config("transformer");
        FluxConfig transformer = FluxConfig.of(file);
        AutoencoderKlConfig vae = AutoencoderKlConfig.of(folder.config("vae"));
        vae.requireChannels(file, "in_channels", transformer.inChannels(), PATCH * PATCH);
        vae.requireChannels(file, "out_channels", transformer.outChannels(), PATCH * PATCH);
        return new Geometry(
                vae.scaleFactor() * PATCH,
                vae.latentChannels(),
                PATCH,
                DEFAULT_LATENT_SIZE * vae.scaleFactor());
    }

    @Override
    public List<Variant> variants() {
        return List.of(KONTEXT);
    }

    @Override
    public Optional<Variant> variant(ModelFolder folder) {
        return folder.pipelineClass().equals(KONTEXT_CLASS)
                ? Optional.of(KONTEXT)
                : Family.super.variant(folder);
    }

    private boolean isKontext(ModelFolder folder) {
        return variant(folder).isPresent();
    }

    @Override
    public Optional<ReferenceRules> references(ModelFolder folder) {
        if (!isKontext(folder)) {
            return Optional.empty();
        }
        Geometry geometry = geometry(folder);
        return Optional.of(
                new KontextReferences(geometry.defaultSize(), geometry.pixelsPerToken()));
    }

    @Override
    public Optional<NameTable> originalNames() {
        return Optional.of(FluxNames.TABLE);
    }

    @Override
    public KeyMap keyMap() {
        return new FluxKeyMap().withTextEncoders(CLIP_NAMES, T5_NAMES);
    }

    @Override
    public PromptTokens promptTokens(ModelFolder folder) {
        boolean dev = FluxConfig.of(folder.config("transformer")).guidanceEmbeds();
        return new PromptTokens(dev ? DEV_TOKENS : SCHNELL_TOKENS, MOST_TOKENS);
    }

    @Override
    public PromptEncoder openPromptEncoder(Ops ops, ModelFolder folder, int maxTokens) {
        FluxConfig transformer = FluxConfig.of(folder.config("transformer"));
        ClipTextConfig clip = ClipTextConfig.of(folder.config(CLIP));
        T5Config t5 = T5Config.of(folder.config(T5));
        requireWidth(folder, "pooled_projection_dim", clip.hiddenDim(), transformer.pooledDim());
        requireWidth(folder, "joint_attention_dim", t5.hiddenDim(), transformer.textDim());
        return opening(
                opened ->
                        new FluxPromptEncoder(
                                ops,
                                part(folder, "tokenizer", clip, CLIP, opened),
                                part(folder, "tokenizer_2", t5, T5, opened),
                                maxTokens,
                                MOST_TOKENS));
    }

    private static void requireWidth(ModelFolder folder, String key, int encoder, int transformer) {
        if (encoder != transformer) {
            throw folder.config("transformer")
                    .refuse(
                            key,
                            "expected " + encoder + " as the text encoder has, got " + transformer,
                            "use the parts of one model");
        }
    }

    private static <C> FluxPromptEncoder.Part<C> part(
            ModelFolder folder, String tokenizer, C config, String encoder, Opened opened) {
        return new FluxPromptEncoder.Part<>(
                opened.add(Tokenizer.load(folder.component(tokenizer))),
                config,
                opened.add(folder.weights(encoder)));
    }

    @Override
    public Denoiser openDenoiser(Ops ops, ModelFolder folder) {
        FluxConfig config = FluxConfig.of(folder.config("transformer"));
        return opening(
                opened -> new FluxDenoiser(ops, config, opened.add(folder.weights("transformer"))));
    }

    @Override
    public LatentCodec openCodec(Ops ops, ModelFolder folder) {
        AutoencoderKlConfig config = AutoencoderKlConfig.of(folder.config("vae"));
        return opening(
                opened ->
                        new AutoencoderKlCodec(
                                ops, config, opened.add(folder.weights("vae")), PATCH));
    }

    /** What a part has opened so far. */
    private static final class Opened {
        private final Deque<Runnable> closers = new ArrayDeque<>();

        Weights add(Weights weights) {
            closers.push(weights::close);
            return weights;
        }

        Tokenizer add(Tokenizer tokenizer) {
            closers.push(tokenizer::close);
            return tokenizer;
        }
    }

    /** Loads a part; if that fails, what was opened for it is closed again. */
    private static <T> T opening(Function<Opened, T> load) {
        Opened opened = new Opened();
        try {
            return load.apply(opened);
        } catch (RuntimeException e) {
            opened.closers.forEach(Runnable::run);
            throw e;
        }
    }
}
