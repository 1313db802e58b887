package glance.model.sd3;

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
import glance.model.autoencoderkl.AutoencoderKlCodec;
import glance.model.autoencoderkl.AutoencoderKlConfig;
import glance.model.autoencoderkl.AutoencoderKlKind;
import glance.model.part.ModelPart;
import glance.model.part.Recognised;
import glance.model.text.TextEncoderKind;
import glance.ops.Ops;
import glance.schedule.FlowMatchSchedule;
import glance.schedule.NoiseSchedule;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Stable Diffusion 3 and 3.5. */
public final class Sd3Family implements Family {
    /** Of StableDiffusion3Pipeline: max_sequence_length, and what it refuses to exceed. */
    private static final PromptTokens PROMPT_TOKENS = new PromptTokens(256, 512);

    /**
     * The published pipeline's default picture, in latent pixels, where the config says nothing.
     */
    private static final int DEFAULT_LATENT_SIZE = 128;

    private static final TextEncoderNames CLIP_L_NAMES =
            new TextEncoderNames(Sd3PromptEncoder.CLIP_L, 1, 1, "clip_l");
    private static final TextEncoderNames CLIP_G_NAMES =
            new TextEncoderNames(Sd3PromptEncoder.CLIP_G, 2, 2, "clip_g");
    private static final TextEncoderNames T5_NAMES =
            new TextEncoderNames(Sd3PromptEncoder.T5, 3, 3, "t5xxl");

    /**
     * Widths of the pooled text, and of the part of it that is CLIP-L's, in all published sizes.
     */
    private static final int POOLED = 2048;

    private static final int CLIP_L_DIM = 768;

    /** Of all published sizes. */
    private static final int HEAD_DIM = 64;

    /** Pictures of 4096 pixels a side. */
    private static final int MAX_LATENT_SIZE = 512;

    @Override
    public String name() {
        return "sd3";
    }

    @Override
    public String pipelineClass() {
        return "StableDiffusion3Pipeline";
    }

    @Override
    public String transformerClass() {
        return "SD3Transformer2DModel";
    }

    @Override
    public Optional<Recognised> recognise(Weights stored, Config base) {
        Recognised.Sizes sizes = new Recognised.Sizes(Sd3Names.TABLE.view(stored));
        int blocks = sizes.count("transformer_blocks.%d.attn.add_q_proj.weight");
        if (blocks == 0 || !sizes.has("pos_embed.proj.weight")) {
            return Optional.empty();
        }
        int hiddenDim = sizes.of("pos_embed.proj.weight", 0);
        int patch = Math.max(1, sizes.of("pos_embed.proj.weight", 2));
        String norm = "transformer_blocks.0.attn.norm_q.weight";
        List<Integer> dual =
                IntStream.range(0, blocks)
                        .filter(i -> sizes.has("transformer_blocks." + i + ".attn2.to_q.weight"))
                        .boxed()
                        .toList();
        sizes.put("num_layers", blocks);
        sizes.put("patch_size", patch);
        sizes.put("in_channels", sizes.of("pos_embed.proj.weight", 1));
        sizes.put("out_channels", sizes.perPixel("proj_out.weight", patch));
        sizes.putHeads(hiddenDim, norm, base, HEAD_DIM);
        sizes.put("caption_projection_dim", sizes.of("context_embedder.weight", 0));
        sizes.put("joint_attention_dim", sizes.of("context_embedder.weight", 1));
        sizes.put(
                "pooled_projection_dim",
                sizes.of("time_text_embed.text_embedder.linear_1.weight", 1));
        sizes.put(
                "pos_embed_max_size",
                (int) Math.round(Math.sqrt(sizes.of("pos_embed.pos_embed", 1))));
        sizes.put("qk_norm", sizes.has(norm) ? "rms_norm" : null);
        sizes.put("dual_attention_layers", dual);
        return Optional.of(
                sizes.as(
                        "%s, %d blocks of width %d"
                                        .formatted(
                                                published(sizes.has(norm), blocks, hiddenDim),
                                                blocks,
                                                hiddenDim)
                                + Sd3Names.TABLE.note(stored),
                        hiddenDim));
    }

    @Override
    public List<ModelPart> parts(Config transformer) {
        boolean usual = transformer.positive("pooled_projection_dim", POOLED) == POOLED;
        return List.of(
                ModelPart.textEncoder(
                        Sd3PromptEncoder.CLIP_L,
                        TextEncoderKind.CLIP,
                        CLIP_L_NAMES.comfyUi(),
                        usual ? CLIP_L_DIM : 0),
                ModelPart.textEncoder(
                        Sd3PromptEncoder.CLIP_G,
                        TextEncoderKind.CLIP,
                        CLIP_G_NAMES.comfyUi(),
                        usual ? POOLED - CLIP_L_DIM : 0),
                ModelPart.textEncoder(
                                Sd3PromptEncoder.T5,
                                TextEncoderKind.T5,
                                T5_NAMES.comfyUi(),
                                transformer.positive("joint_attention_dim", 4096))
                        .orNone(),
                ModelPart.autoencoder(
                        AutoencoderKlKind.KIND, transformer.positive("in_channels", 16)));
    }

    private static String published(boolean qkNorm, int blocks, int hiddenDim) {
        String name = qkNorm ? "Stable Diffusion 3.5" : "Stable Diffusion 3";
        if (blocks == 24 && hiddenDim == 24 * HEAD_DIM) {
            return name + " medium";
        }
        return qkNorm && blocks == 38 && hiddenDim == 38 * HEAD_DIM ? name + " large" : name;
    }

    /** The steps and the scale of the published pipeline. */
    @Override
    public Defaults defaults(ModelFolder folder) {
        return new Defaults(Plans.uniform(28), 7, "", false);
    }

    @Override
    public Geometry geometry(ModelFolder folder) {
        Config file = folder.config("transformer");
        Sd3Config transformer = Sd3Config.of(file);
        AutoencoderKlConfig vae = AutoencoderKlConfig.of(folder.config("vae"));
        vae.requireChannels(file, "in_channels", transformer.inChannels(), 1);
        int size =
                folder.config("transformer")
                        .integer("sample_size", DEFAULT_LATENT_SIZE, 1, MAX_LATENT_SIZE);
        int token = vae.scaleFactor() * transformer.patchSize();
        return new Geometry(
                token,
                vae.latentChannels(),
                transformer.patchSize(),
                vae.scaleFactor() * size,
                token * transformer.posEmbedMaxSize());
    }

    @Override
    public NoiseSchedule schedule(ModelFolder folder) {
        return flow(folder);
    }

    /** The pipeline hands no grid to its scheduler, which then makes one from its training. */
    private static FlowMatchSchedule flow(ModelFolder folder) {
        return FlowMatchSchedule.read(folder.config("scheduler"))
                .withSpacing(FlowMatchSchedule.Spacing.TRAINED);
    }

    @Override
    public Optional<NameTable> originalNames() {
        return Optional.of(Sd3Names.TABLE);
    }

    @Override
    public KeyMap keyMap() {
        return KeyMap.of(Sd3Names.TABLE).withTextEncoders(CLIP_L_NAMES, CLIP_G_NAMES, T5_NAMES);
    }

    @Override
    public PromptTokens promptTokens(ModelFolder folder) {
        return PROMPT_TOKENS;
    }

    @Override
    public PromptEncoder openPromptEncoder(Ops ops, ModelFolder folder, int maxTokens) {
        return new Sd3PromptEncoder(
                ops,
                folder,
                Sd3Config.of(folder.config("transformer")),
                new PromptTokens(maxTokens, PROMPT_TOKENS.most()));
    }

    @Override
    public Denoiser openDenoiser(Ops ops, ModelFolder folder) {
        Sd3Config config = Sd3Config.of(folder.config("transformer"));
        int timesteps = flow(folder).numTrainTimesteps();
        return Loading.open(folder, "transformer", w -> new Sd3Denoiser(ops, config, timesteps, w));
    }

    @Override
    public LatentCodec openCodec(Ops ops, ModelFolder folder) {
        int patch = Sd3Config.of(folder.config("transformer")).patchSize();
        AutoencoderKlConfig config = AutoencoderKlConfig.of(folder.config("vae"));
        return Loading.open(folder, "vae", w -> new AutoencoderKlCodec(ops, config, w, patch));
    }
}
