package glance.model.dit;

import glance.api.Plans;
import glance.io.Config;
import glance.io.ModelFolder;
import glance.io.NameTable;
import glance.io.Weights;
import glance.lora.KeyMap;
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
import glance.ops.Ops;
import glance.schedule.DdimSchedule;
import glance.schedule.NoiseSchedule;
import java.util.List;
import java.util.Optional;

/** DiT-XL/2 and models in its layout: pictures of a class. */
public final class DitFamily implements Family {
    /** Of DiT-XL. */
    private static final int HEAD_DIM = 72;

    @Override
    public String name() {
        return "dit";
    }

    @Override
    public String pipelineClass() {
        return "DiTPipeline";
    }

    @Override
    public String transformerClass() {
        return "DiTTransformer2DModel";
    }

    @Override
    public Optional<Recognised> recognise(Weights stored, Config base) {
        Recognised.Sizes sizes = new Recognised.Sizes(DitNames.TABLE.view(stored));
        int blocks =
                sizes.count("transformer_blocks.%d.norm1.emb.timestep_embedder.linear_1.weight");
        if (blocks == 0) {
            return Optional.empty();
        }
        int hiddenDim = sizes.of("pos_embed.proj.weight", 0);
        int patch = Math.max(1, sizes.of("pos_embed.proj.weight", 2));
        int tokens = sizes.of("pos_embed.pos_embed", 1);
        sizes.put("num_layers", blocks);
        sizes.put("patch_size", patch);
        sizes.put("in_channels", sizes.of("pos_embed.proj.weight", 1));
        sizes.put("out_channels", sizes.perPixel("proj_out_2.weight", patch));
        sizes.put("sample_size", (int) Math.round(Math.sqrt(tokens)) * patch);
        sizes.put(
                "num_embeds_ada_norm",
                sizes.of(
                                "transformer_blocks.0.norm1.emb.class_embedder.embedding_table"
                                        + ".weight",
                                0)
                        - 1);
        sizes.putHeads(hiddenDim, "", base, HEAD_DIM);
        boolean xl = blocks == 28 && hiddenDim == 16 * HEAD_DIM;
        return Optional.of(
                sizes.as(
                        "DiT%s, %d blocks of width %d"
                                        .formatted(xl ? "-XL/" + patch : "", blocks, hiddenDim)
                                + DitNames.TABLE.note(stored),
                        hiddenDim));
    }

    @Override
    public List<ModelPart> parts(Config transformer) {
        return List.of(
                ModelPart.autoencoder(
                        AutoencoderKlKind.KIND, transformer.positive("in_channels", 4)));
    }

    /** The steps and the scale of the published pipeline. */
    @Override
    public Defaults defaults(ModelFolder folder) {
        return new Defaults(Plans.FULL, 4, "", false);
    }

    @Override
    public String typicalPrompt() {
        return "0";
    }

    @Override
    public Geometry geometry(ModelFolder folder) {
        Config file = folder.config("transformer");
        DitConfig transformer = DitConfig.of(file);
        AutoencoderKlConfig vae = AutoencoderKlConfig.of(folder.config("vae"));
        vae.requireChannels(file, "in_channels", transformer.inChannels(), 1);
        return new Geometry(
                vae.scaleFactor() * transformer.patchSize(),
                vae.latentChannels(),
                transformer.patchSize(),
                vae.scaleFactor() * transformer.sampleSize());
    }

    @Override
    public NoiseSchedule schedule(ModelFolder folder) {
        return DdimSchedule.read(folder.config("scheduler"));
    }

    @Override
    public Optional<NameTable> originalNames() {
        return Optional.of(DitNames.TABLE);
    }

    @Override
    public KeyMap keyMap() {
        return KeyMap.ofDiffusersOnly();
    }

    /** Its prompts are names of classes. */
    @Override
    public PromptTokens promptTokens(ModelFolder folder) {
        return PromptTokens.NONE;
    }

    @Override
    public PromptEncoder openPromptEncoder(Ops ops, ModelFolder folder, int maxTokens) {
        DitConfig config = DitConfig.of(folder.config("transformer"));
        // the names of a published layout are those of its classes
        int named = DitConfig.of(folder.usual("transformer")).numClasses();
        boolean others = folder.isBare() && named != config.numClasses();
        Config index = others ? Config.EMPTY : folder.index();
        return new DitPromptEncoder(new DitClasses(index, config.numClasses()));
    }

    @Override
    public Denoiser openDenoiser(Ops ops, ModelFolder folder) {
        DitConfig config = DitConfig.of(folder.config("transformer"));
        DdimSchedule schedule = DdimSchedule.read(folder.config("scheduler"));
        return Loading.open(folder, "transformer", w -> new DitDenoiser(ops, config, schedule, w));
    }

    @Override
    public LatentCodec openCodec(Ops ops, ModelFolder folder) {
        int patch = DitConfig.of(folder.config("transformer")).patchSize();
        AutoencoderKlConfig config = AutoencoderKlConfig.of(folder.config("vae"));
        return Loading.open(folder, "vae", w -> new AutoencoderKlCodec(ops, config, w, patch));
    }
}
