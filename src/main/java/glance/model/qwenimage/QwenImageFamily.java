package glance.model.qwenimage;

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
import glance.model.autoencoderqwen.AutoencoderConfig;
import glance.model.autoencoderqwen.QwenImageAutoencoderKind;
import glance.model.autoencoderqwen.QwenImageCodec;
import glance.model.part.ModelPart;
import glance.model.part.Recognised;
import glance.model.text.QwenConfig;
import glance.model.text.TextEncoderKind;
import glance.ops.Ops;
import java.util.List;
import java.util.Optional;

/** Qwen-Image and models in its layout; glance-tiny is one. */
public final class QwenImageFamily implements Family {
    /** Of QwenImagePipeline: max_sequence_length, and what it refuses to exceed. */
    private static final PromptTokens PROMPT_TOKENS = new PromptTokens(512, 1024);

    /** The published pipeline's default picture is 128 latent pixels wide. */
    private static final int DEFAULT_LATENT_SIZE = 128;

    /**
     * glance-tiny was trained on 64 x 64 pixels only; models this narrow are for pictures like
     * that.
     */
    private static final int TINY_HIDDEN_DIM = 512;

    private static final int TINY_SIZE = 64;

    /** The folder of the text encoder. */
    static final String TEXT_ENCODER = "text_encoder";

    private static final TextEncoderNames TEXT_NAMES =
            new TextEncoderNames(TEXT_ENCODER, 1, 1, "qwen25_7b");

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

    @Override
    public String name() {
        return "qwen-image";
    }

    @Override
    public String pipelineClass() {
        return "QwenImagePipeline";
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
    public Defaults defaults(ModelFolder folder) {
        return new Defaults(Plans.GLANCE, 4, " ", true);
    }

    @Override
    public Training training() {
        return new Training(TRAINED_MODULES, 32, 128, 3e-4f, 60, 0.1f, 0);
    }

    @Override
    public Geometry geometry(ModelFolder folder) {
        QwenImageConfig transformer = QwenImageConfig.of(folder.config("transformer"));
        AutoencoderConfig vae = AutoencoderConfig.of(folder.config("vae"));
        int patch = transformer.patchSize();
        vae.requireChannels(folder.config("transformer"), transformer.inChannels(), patch * patch);
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
        return PROMPT_TOKENS;
    }

    @Override
    public PromptEncoder openPromptEncoder(Ops ops, ModelFolder folder, int maxTokens) {
        QwenConfig config = QwenConfig.of(folder.config(TEXT_ENCODER));
        PromptTokens tokens = new PromptTokens(maxTokens, PROMPT_TOKENS.most());
        return Loading.withTokenizer(
                folder,
                TEXT_ENCODER,
                (words, weights) ->
                        new QwenImagePromptEncoder(ops, words, config, weights, tokens));
    }

    @Override
    public Denoiser openDenoiser(Ops ops, ModelFolder folder) {
        QwenImageConfig config = QwenImageConfig.of(folder.config("transformer"));
        return Loading.open(folder, "transformer", w -> new QwenImageDenoiser(ops, config, w));
    }

    @Override
    public LatentCodec openCodec(Ops ops, ModelFolder folder) {
        AutoencoderConfig config = AutoencoderConfig.of(folder.config("vae"));
        return Loading.open(folder, "vae", w -> new QwenImageCodec(ops, config, w));
    }
}
