package glance.train;

import glance.api.MemoryStats;
import glance.api.Request.Size;
import glance.api.Training;
import glance.backend.Device;
import glance.backend.DryDevice;
import glance.io.ModelFolder;
import glance.model.Canvas;
import glance.model.Denoiser;
import glance.model.Family;
import glance.model.LatentCodec;
import glance.model.PromptEncoder;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.ops.WeightLimit;
import glance.pipeline.Families;
import glance.pipeline.MemoryForecast.Part;
import glance.pipeline.Pictures;
import glance.pipeline.WeightRooms;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/**
 * The device memory of training, part by part: the text encoder and the autoencoder, which are gone
 * before the denoiser comes, and a step of training. Counted by walking through a step on a {@link
 * DryDevice}.
 *
 * @param width of the picture in pixels
 * @param height of the picture in pixels
 * @param parts in the order of the run
 */
public record TrainingForecast(int width, int height, List<Part> parts) {
    static final String TEXT_ENCODER = "text encoder";

    /** A noise level that every model was trained for; memory does not depend on it. */
    private static final float ANY_LEVEL = 0.5f;

    private static final String AUTOENCODER = "autoencoder";

    /** The name of the part that trains. */
    public static final String TRAINING = "training";

    /**
     * Forecasts training on one picture with what the model's family wants.
     *
     * @param wanted what is said about it; its pictures are not read
     * @param memoryBytes weights that have no room in it stream; 0 to let all stay
     * @throws glance.api.DeviceException if they have no room even then
     */
    public static TrainingForecast of(
            DryDevice device, ModelFolder folder, Training wanted, Size size, long memoryBytes) {
        Family family = Families.of(folder);
        Family.Training usual = family.training(folder);
        Walk walk =
                new Walk(
                        device,
                        folder,
                        TrainJob.settings(wanted, usual),
                        wanted.embeddedGuidance().orElse(usual.embeddedGuidance()));
        List<Part> whole = walk.parts(size, WeightRooms.NONE);
        WeightRooms rooms = WeightRooms.of(whole, memoryBytes);
        return new TrainingForecast(
                size.width(),
                size.height(),
                rooms.equals(WeightRooms.NONE) ? whole : walk.parts(size, rooms));
    }

    /**
     * The limit for the weights of the denoiser that is trained on a device.
     *
     * @param examples on the device
     * @param notes told in one line if weights stream
     */
    static WeightLimit limit(
            Device device, TrainJob job, List<TrainingExample> examples, Consumer<String> notes) {
        if (!WeightRooms.mayLackRoom(device)) {
            return WeightLimit.NONE;
        }
        try (DryDevice dry = DryDevice.of(device)) {
            Walk walk = new Walk(dry, job.folder(), job.settings(), job.embeddedGuidance());
            Part whole = walk.training(examples, WeightLimit.NONE);
            return WeightRooms.of(List.of(whole), device.info().memoryBytes())
                    .limit(TRAINING, true, notes);
        }
    }

    /** The part that trains, on examples like these. */
    static Part training(
            DryDevice device,
            ModelFolder folder,
            TrainingSettings settings,
            List<TrainingExample> examples,
            WeightLimit limit) {
        return new Walk(device, folder, settings, 0).training(examples, limit);
    }

    /** Walks through training and computes nothing. */
    private record Walk(
            DryDevice device,
            ModelFolder folder,
            TrainingSettings settings,
            float embeddedGuidance) {
        List<Part> parts(Size size, WeightRooms rooms) {
            Family family = Families.of(folder);
            List<Part> parts = new ArrayList<>();
            try (Ops ops = new Ops(device);
                    Scope scope = ops.scope()) {
                BufferedImage picture =
                        new BufferedImage(size.width(), size.height(), BufferedImage.TYPE_INT_RGB);
                ops.limitWeights(rooms.limit(TEXT_ENCODER, false, note -> {}));
                TextBatch text = text(ops, family);
                parts.add(part(TEXT_ENCODER));
                Tensor latents = latents(ops, family, picture);
                parts.add(part(AUTOENCODER));
                TrainingExample example =
                        new TrainingExample(
                                latents,
                                text,
                                text,
                                family.geometry(folder).grid(size.width(), size.height()));
                parts.add(training(List.of(example), rooms.limit(TRAINING, true, note -> {})));
            }
            return List.copyOf(parts);
        }

        private TextBatch text(Ops ops, Family family) {
            device.memory().resetPeak();
            int tokens = family.promptTokens(folder).of(0);
            try (PromptEncoder encoder = family.openPromptEncoder(ops, folder, tokens)) {
                return encoder.encode(ops, List.of(family.typicalPrompt()));
            }
        }

        private Tensor latents(Ops ops, Family family, BufferedImage picture) {
            device.memory().resetPeak();
            try (LatentCodec codec = family.openCodec(ops, folder)) {
                return codec.encode(ops, Pictures.tensor(ops, picture));
            }
        }

        /** A step on the largest of these examples, while all are on the device. */
        Part training(List<TrainingExample> examples, WeightLimit limit) {
            try (Ops ops = new Ops(device);
                    Scope scope = ops.scope()) {
                List<TrainingExample> copies =
                        examples.stream().map(example -> copy(ops, example)).toList();
                TrainingExample largest =
                        copies.stream().max(Comparator.comparingInt(Walk::tokens)).orElseThrow();
                ops.limitWeights(limit);
                device.memory().resetPeak();
                try (Denoiser denoiser = Families.of(folder).openDenoiser(ops, folder);
                        AdapterTrainer trainer =
                                new AdapterTrainer(
                                        ops,
                                        denoiser,
                                        List.of(largest),
                                        grid -> new float[] {ANY_LEVEL},
                                        settings.withoutDropout(),
                                        embeddedGuidance)) {
                    trainer.step();
                }
                return part(TRAINING);
            }
        }

        private static int tokens(TrainingExample example) {
            return example.canvas().tokens() + example.caption().embeddings().dim(1);
        }

        private static TrainingExample copy(Ops ops, TrainingExample example) {
            return new TrainingExample(
                    copy(ops, example.latents()),
                    copy(ops, example.caption()),
                    example.dropped() == null ? null : copy(ops, example.dropped()),
                    new Canvas(
                            example.grid(),
                            example.canvas().references().stream()
                                    .map(
                                            seen ->
                                                    new Canvas.Reference(
                                                            copy(ops, seen.latents()), seen.grid()))
                                    .toList()));
        }

        private static TextBatch copy(Ops ops, TextBatch text) {
            return new TextBatch(
                    copy(ops, text.embeddings()),
                    copy(ops, text.lengths()),
                    text.pooled() == null ? null : copy(ops, text.pooled()));
        }

        private static Tensor copy(Ops ops, Tensor tensor) {
            return ops.empty(tensor.dtype(), tensor.shape());
        }

        private Part part(String name) {
            MemoryStats stats = device.memory().stats();
            return new Part(
                    name, stats.peakWeightBytes(), stats.peakScratchBytes(), stats.peakHostBytes());
        }
    }
}
