package glance.model.sd3;

import glance.api.Plans;
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
import glance.model.Recognised;
import glance.model.autoencoderkl.AutoencoderKlCodec;
import glance.model.autoencoderkl.AutoencoderKlConfig;
import glance.ops.Ops;
import glance.schedule.FlowMatchSchedule;
import glance.schedule.NoiseSchedule;
import java.util.Optional;

/** Stable Diffusion 3 and 3.5. */
public final class Sd3Family implements Family {
    /** Of StableDiffusion3Pipeline: max_sequence_length, and what it refuses to exceed. */
    private static final PromptTokens PROMPT_TOKENS = new PromptTokens(256, 512);

    /**
     * The published pipeline's default picture, in latent pixels, where the config says nothing.
     */
    private static final int DEFAULT_LATENT_SIZE = 128;

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
    public Optional<Recognised> recognise(Weights stored) {
        Recognised.Sizes sizes = new Recognised.Sizes(Sd3Names.TABLE.view(stored));
        int blocks = sizes.count("transformer_blocks.%d.attn.add_q_proj.weight");
        if (blocks == 0 || !sizes.has("pos_embed.proj.weight")) {
            return Optional.empty();
        }
        int hiddenDim = sizes.of("pos_embed.proj.weight", 0);
        return Optional.of(
                sizes.as(
                        "Stable Diffusion 3, %d blocks of width %d".formatted(blocks, hiddenDim)
                                + Sd3Names.TABLE.note(stored)));
    }

    /** The steps and the scale of the published pipeline. */
    @Override
    public Defaults defaults(ModelFolder folder) {
        return new Defaults(Plans.uniform(28), 7, "", false);
    }

    @Override
    public Geometry geometry(ModelFolder folder) {
        Sd3Config transformer = Sd3Config.of(folder.config("transformer"));
        AutoencoderKlConfig vae = AutoencoderKlConfig.of(folder.config("vae"));
        if (transformer.inChannels() != vae.latentChannels()) {
            throw folder.config("transformer")
                    .refuse(
                            "in_channels",
                            "expected "
                                    + vae.latentChannels()
                                    + " to match the autoencoder's latent_channels, got "
                                    + transformer.inChannels(),
                            null);
        }
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
        return new Sd3KeyMap()
                .withTextEncoders(
                        new TextEncoderNames(Sd3PromptEncoder.CLIP_L, 1, 1, "clip_l"),
                        new TextEncoderNames(Sd3PromptEncoder.CLIP_G, 2, 2, "clip_g"),
                        new TextEncoderNames(Sd3PromptEncoder.T5, 3, 3, "t5xxl"));
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
