package glance.bench;

import glance.api.AdamWSettings;
import glance.backend.DeviceMemory;
import glance.io.ModelFolder;
import glance.model.Canvas;
import glance.model.Denoiser;
import glance.model.TokenGrid;
import glance.model.qwenimage.QwenImageFamily;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import glance.train.AdapterTrainer;
import glance.train.TrainingExample;
import glance.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * One picture, and the forward pass and training steps on it. The adapter is the paper's for
 * Qwen-Image: rank 32 on twelve layers of each block.
 */
final class TrainingWorkload implements AutoCloseable {
    private static final float SIGMA = 0.7f;

    /** Channels of a token: 16 latent channels of 2 x 2 pixels. */
    private static final int CHANNELS = 64;

    static final List<String> TARGETS =
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

    private final Glance glance = new Glance(Workload.THREADS);
    private final Ops ops = glance.ops();
    private final Denoiser denoiser;
    private final TrainingExample example;

    private final Path configs;

    /**
     * Bytes of one run.
     *
     * @param peak most that was in use at once, weights not counted
     * @param state of that the adapter and its moments, which stay between the steps
     */
    record Memory(long peak, long state) {}

    TrainingWorkload(int layers, int textLen, TokenGrid grid, int numHeads, int headDim)
            throws IOException {
        configs = configs(layers, numHeads, headDim);
        ModelFolder model = ModelFolder.open(configs).withRandomWeights(DType.BF16);
        denoiser = new QwenImageFamily().openDenoiser(ops, model);
        int dim = numHeads * headDim;
        int tokens = grid.tokens();
        Tensor latents = glance.random(1, tokens, CHANNELS);
        TextBatch caption =
                new TextBatch(
                        glance.random(1, textLen, dim), ops.host().ints(Shape.of(1), textLen));
        example = new TrainingExample(latents, caption, caption, grid);
    }

    /** The configs of a transformer whose caption tokens are as wide as its hidden ones. */
    private static Path configs(int layers, int numHeads, int headDim) throws IOException {
        Path folder = Files.createTempDirectory("glance-bench");
        Files.createDirectory(folder.resolve("transformer"));
        Files.writeString(
                folder.resolve("model_index.json"), "{\"_class_name\": \"QwenImagePipeline\"}");
        Files.writeString(
                folder.resolve("transformer/config.json"),
                """
                {"_class_name": "QwenImageTransformer2DModel", "attention_head_dim": %d,
                 "axes_dims_rope": [16, %d, %d], "guidance_embeds": false, "in_channels": %d,
                 "joint_attention_dim": %d, "num_attention_heads": %d, "num_layers": %d,
                 "out_channels": %d, "patch_size": 2, "use_additional_t_cond": false,
                 "use_layer3d_rope": false, "zero_cond_t": false}
                """
                        .formatted(
                                headDim,
                                (headDim - 16) / 2,
                                (headDim - 16) / 2,
                                CHANNELS,
                                numHeads * headDim,
                                numHeads,
                                layers,
                                CHANNELS / 4));
        return folder;
    }

    /** A trainer; checkpointing and the kind of moments make the difference. */
    AdapterTrainer trainer(boolean checkpointing, boolean eightBit) {
        TrainingSettings settings =
                new TrainingSettings(
                        TARGETS,
                        32,
                        128,
                        1e-4f,
                        0,
                        1000,
                        1,
                        0,
                        1,
                        AdamWSettings.defaults().withEightBitMoments(eightBit),
                        checkpointing,
                        1);
        return new AdapterTrainer(
                ops, denoiser, List.of(example), grid -> new float[] {SIGMA}, settings, 1);
    }

    /** The forward pass of a sampler's step, with the adapter of a trainer. */
    void forward(AdapterTrainer trainer) {
        try (Scope scope = ops.scope()) {
            ops.under(
                    trainer.adapter(),
                    () ->
                            denoiser.prepare(
                                            ops,
                                            example.caption(),
                                            new float[] {SIGMA},
                                            new Canvas(example.grid()),
                                            1)
                                    .at(ops, example.latents(), 0));
        }
    }

    /** What the forward pass needs beside weights and the example. */
    Memory inferenceMemory() {
        DeviceMemory memory = ops.device().memory();
        try (AdapterTrainer trainer = trainer(false, false)) {
            long before = memory.stats().scratchBytes();
            long adapter =
                    trainer.adapter().parameters().stream()
                            .mapToLong(parameter -> parameter.storage().bytes())
                            .sum();
            memory.resetPeak();
            forward(trainer);
            return new Memory(memory.stats().peakScratchBytes() - before + adapter, adapter);
        }
    }

    /** What a training step needs beside weights and the example. */
    Memory memory(boolean checkpointing, boolean eightBit) {
        DeviceMemory memory = ops.device().memory();
        long before = memory.stats().scratchBytes();
        try (AdapterTrainer trainer = trainer(checkpointing, eightBit)) {
            long state = memory.stats().scratchBytes() - before;
            memory.resetPeak();
            trainer.step();
            return new Memory(memory.stats().peakScratchBytes() - before, state);
        }
    }

    @Override
    public void close() throws IOException {
        denoiser.close();
        glance.close();
        for (String file :
                new String[] {"transformer/config.json", "transformer", "model_index.json", ""}) {
            Files.deleteIfExists(configs.resolve(file));
        }
    }
}
