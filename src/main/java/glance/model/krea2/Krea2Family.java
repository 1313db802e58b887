package glance.model.krea2;

import glance.api.Plan;
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
import glance.model.autoencoderqwen.AutoencoderConfig;
import glance.model.autoencoderqwen.QwenImageAutoencoderKind;
import glance.model.autoencoderqwen.QwenImageCodec;
import glance.model.part.ModelPart;
import glance.model.part.Recognised;
import glance.model.part.Variant;
import glance.model.text.QwenConfig;
import glance.model.text.TextEncoderKind;
import glance.ops.Ops;
import glance.schedule.FlowMatchSchedule;
import glance.schedule.Mu;
import glance.schedule.NoiseSchedule;
import java.util.List;
import java.util.Optional;

/** Krea 2: Raw, which is drawn with guidance, and Turbo, which was distilled from it. */
public final class Krea2Family implements Family {
    /** The published pipeline packs latents itself. */
    private static final int PATCH = 2;

    /** The published pipeline's default picture is 128 latent pixels wide. */
    private static final int DEFAULT_LATENT_SIZE = 128;

    /** Of Krea2Pipeline; it sets no limit. Twice as many is what Qwen-Image's allows. */
    private static final PromptTokens PROMPT_TOKENS = new PromptTokens(512, 1024);

    /** Hidden states of Qwen3-VL-4B where model_index.json names none. */
    private static final List<Integer> LAYERS =
            List.of(2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 32, 35);

    /** Shift that Turbo was distilled at, whatever the size of the picture. */
    private static final double TURBO_MU = 1.15;

    /** The folder of the text encoder. */
    static final String TEXT_ENCODER = "text_encoder";

    private static final String TRANSFORMER = "transformer";
    private static final String SELECTED = "text_encoder_select_layers";

    private static final TextEncoderNames TEXT_NAMES =
            new TextEncoderNames(TEXT_ENCODER, 1, 1, "qwen3vl_4b");

    private static final Variant TURBO = new Variant("Krea 2 Turbo", "turbo");
    private static final Variant RAW = new Variant("Krea 2 Raw", "raw");

    private static final List<String> TRAINED_MODULES =
            List.of("to_q", "to_k", "to_v", "to_gate", "to_out.0", "ff.down");

    @Override
    public String name() {
        return "krea-2";
    }

    @Override
    public String pipelineClass() {
        return "Krea2Pipeline";
    }

    @Override
    public String transformerClass() {
        return "Krea2Transformer2DModel";
    }

    @Override
    public Optional<Recognised> recognise(Weights stored, Config base) {
        Recognised.Sizes sizes = new Recognised.Sizes(Krea2Names.TABLE.view(stored));
        String block = "transformer_blocks.%d.attn.";
        int blocks = sizes.count(block + "to_gate.weight");
        String fusion = "text_fusion.layerwise_blocks.%d.";
        if (blocks == 0 || !sizes.has("text_fusion.projector.weight")) {
            return Optional.empty();
        }
        String first = block.formatted(0);
        int hiddenDim = sizes.of("img_in.weight", 0);
        int headDim = Math.max(1, sizes.of(first + "norm_q.weight", 0));
        sizes.put("num_layers", blocks);
        sizes.put("in_channels", sizes.of("img_in.weight", 1));
        sizes.putRotaryHeads(hiddenDim, first + "norm_q.weight", base);
        sizes.putHeads("num_key_value_heads", sizes.of(first + "to_k.weight", 0), headDim);
        sizes.put("intermediate_size", sizes.of("transformer_blocks.0.ff.gate.weight", 0));
        sizes.put("timestep_embed_dim", sizes.of("time_embed.linear_1.weight", 1));
        sizes.put("num_text_layers", sizes.of("text_fusion.projector.weight", 1));
        int textDim = sizes.of("txt_in.linear_1.weight", 1);
        sizes.put("text_hidden_dim", textDim);
        int layerBlocks = sizes.count(fusion + "norm1.weight");
        sizes.put("num_layerwise_text_blocks", Integer.valueOf(layerBlocks));
        sizes.put(
                "num_refiner_text_blocks",
                Integer.valueOf(sizes.count("text_fusion.refiner_blocks.%d.norm1.weight")));
        if (layerBlocks > 0) {
            String own = fusion.formatted(0);
            int textHeadDim = Math.max(1, sizes.of(own + "attn.norm_q.weight", 0));
            sizes.putHeads("text_num_attention_heads", textDim, textHeadDim);
            sizes.putHeads(
                    "text_num_key_value_heads", sizes.of(own + "attn.to_k.weight", 0), textHeadDim);
            sizes.put("text_intermediate_size", sizes.of(own + "ff.gate.weight", 0));
        }
        return Optional.of(
                sizes.as(
                        "Krea 2, %d blocks of width %d".formatted(blocks, hiddenDim)
                                + Krea2Names.TABLE.note(stored),
                        hiddenDim));
    }

    @Override
    public List<ModelPart> parts(Config transformer) {
        return List.of(
                ModelPart.textEncoder(
                        TEXT_ENCODER,
                        TextEncoderKind.QWEN3_VL,
                        TEXT_NAMES.comfyUi(),
                        transformer.positive("text_hidden_dim", 2560)),
                ModelPart.autoencoder(
                        QwenImageAutoencoderKind.KIND,
                        transformer.positive("in_channels", 64) / (PATCH * PATCH)));
    }

    @Override
    public List<Variant> variants() {
        return List.of(TURBO, RAW);
    }

    /** Without a file the index tells. */
    @Override
    public Optional<Variant> variant(ModelFolder folder) {
        boolean distilled = folder.index().flag("is_distilled", false);
        return Optional.of(Family.super.variant(folder).orElse(distilled ? TURBO : RAW));
    }

    @Override
    public Defaults defaults(ModelFolder folder) {
        return isTurbo(folder)
                ? guided(Plans.uniform(8), GuidanceForm.BEYOND_PROMPT.off())
                : guided(Plans.uniform(52), 3.5f);
    }

    private static Defaults guided(Plan plan, float guidance) {
        return new Defaults(plan, guidance, GuidanceForm.BEYOND_PROMPT, "", false, 0);
    }

    private boolean isTurbo(ModelFolder folder) {
        return variant(folder).equals(Optional.of(TURBO));
    }

    /**
     * As the paper trains adapters of Qwen-Image (Glance, arXiv 2512.02899), the other model of
     * many steps and true guidance: the attention with what gates it, and the second half of the
     * MLP. Raw is the one to train on: its steps are many enough to leave some out, and blanks for
     * some captions keep the prediction without a prompt, which its guidance needs. The blocks of
     * the text have modules of the same names; a Slow and a Fast adapter may each fuse it in its
     * own way, as that is done once for each.
     */
    @Override
    public Training training() {
        return new Training(TRAINED_MODULES, 32, 128, 3e-4f, 60, 0.1f, 0);
    }

    @Override
    public Geometry geometry(ModelFolder folder) {
        folder.index().accepts("patch_size", PATCH);
        Config file = folder.config(TRANSFORMER);
        Krea2Config transformer = Krea2Config.of(file);
        AutoencoderConfig vae = AutoencoderConfig.of(folder.config("vae"));
        vae.requireChannels(file, transformer.inChannels(), PATCH * PATCH);
        return new Geometry(
                vae.scaleFactor() * PATCH,
                vae.latentChannels(),
                PATCH,
                DEFAULT_LATENT_SIZE * vae.scaleFactor());
    }

    @Override
    public NoiseSchedule schedule(ModelFolder folder) {
        FlowMatchSchedule schedule = FlowMatchSchedule.read(folder.config("scheduler"));
        return isTurbo(folder) ? schedule.withMu(Mu.constant(TURBO_MU)) : schedule;
    }

    @Override
    public Optional<NameTable> originalNames() {
        return Optional.of(Krea2Names.TABLE);
    }

    @Override
    public KeyMap keyMap() {
        return KeyMap.of(Krea2Names.TABLE).withTextEncoders(TEXT_NAMES);
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
        List<Integer> layers = layers(folder, config);
        PromptTokens tokens = new PromptTokens(maxTokens, PROMPT_TOKENS.most());
        return Loading.withTokenizer(
                folder,
                TEXT_ENCODER,
                (words, weights) ->
                        new Krea2PromptEncoder(ops, words, config, weights, layers, tokens));
    }

    /** The hidden states that the transformer takes, by their numbers. */
    private static List<Integer> layers(ModelFolder folder, QwenConfig encoder) {
        Krea2Config.Text text = Krea2Config.of(folder.config(TRANSFORMER)).text();
        if (text.dim() != encoder.hiddenDim()) {
            throw folder.config(TRANSFORMER)
                    .refuse(
                            "text_hidden_dim",
                            "expected "
                                    + encoder.hiddenDim()
                                    + " as the text encoder has, got "
                                    + text.dim(),
                            "use the parts of one model");
        }
        Config index = folder.index();
        List<Integer> layers = index.has(SELECTED) ? index.integers(SELECTED) : LAYERS;
        boolean there = layers.stream().allMatch(n -> n >= 0 && n <= encoder.numLayers());
        if (layers.size() != text.layers() || !there) {
            throw index.refuse(
                    SELECTED,
                    "must be "
                            + text.layers()
                            + " numbers from 0 to "
                            + encoder.numLayers()
                            + ", as transformer and text encoder have layers, got "
                            + layers,
                    "use the parts of one model");
        }
        return layers;
    }

    @Override
    public Denoiser openDenoiser(Ops ops, ModelFolder folder) {
        Krea2Config config = Krea2Config.of(folder.config(TRANSFORMER));
        return Loading.open(folder, TRANSFORMER, w -> new Krea2Denoiser(ops, config, w));
    }

    @Override
    public LatentCodec openCodec(Ops ops, ModelFolder folder) {
        AutoencoderConfig config = AutoencoderConfig.of(folder.config("vae"));
        return Loading.open(folder, "vae", w -> new QwenImageCodec(ops, config, w));
    }
}
