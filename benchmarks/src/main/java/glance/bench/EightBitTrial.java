package glance.bench;

import glance.api.AdamWSettings;
import glance.io.ModelFolder;
import glance.model.Denoiser;
import glance.model.LatentCodec;
import glance.model.PromptEncoder;
import glance.model.TokenGrid;
import glance.model.qwenimage.QwenImageFamily;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import glance.train.AdapterTrainer;
import glance.train.TrainingExample;
import glance.train.TrainingSettings;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * One adapter of glance-tiny trained twice on the same draws, with moments in 32 and in 8 bits: how
 * far the losses and the adapters are apart.
 *
 * @param losses of each step with 32 bits
 * @param eightBitLosses of each step with 8 bits
 * @param adapterDifference distance of the two adapters over the way that training went, both in
 *     the Euclidean norm of all parameters
 */
record EightBitTrial(float[] losses, float[] eightBitLosses, double adapterDifference) {
    private static final int SIZE = 64;
    private static final String CAPTION = "a red circle on a white background";

    /** Those of the slow phase of the glance plan. */
    private static final float[] SIGMAS = {1, 0.9f, 0.8f, 0.7f, 0.6f};

    private record Run(float[] losses, List<float[]> start, List<float[]> end) {}

    static EightBitTrial run(Path tiny, int steps) {
        try (Glance glance = new Glance(Workload.THREADS)) {
            Ops ops = glance.ops();
            QwenImageFamily family = new QwenImageFamily();
            ModelFolder model = ModelFolder.open(tiny);
            try (Scope scope = ops.scope();
                    PromptEncoder encoder = family.openPromptEncoder(ops, model);
                    LatentCodec codec = family.openCodec(ops, model);
                    Denoiser denoiser = family.openDenoiser(ops, model)) {
                int pixelsPerToken = family.geometry(model).pixelsPerToken();
                TokenGrid grid = new TokenGrid(SIZE / pixelsPerToken, SIZE / pixelsPerToken);
                TextBatch caption = encoder.encode(ops, List.of(CAPTION));
                TrainingExample example =
                        new TrainingExample(
                                codec.encode(ops, picture(ops)), caption, caption, grid);
                Run exact = train(ops, denoiser, example, steps, false);
                Run rounded = train(ops, denoiser, example, steps, true);
                double apart = distance(exact.end, rounded.end);
                return new EightBitTrial(
                        exact.losses, rounded.losses, apart / distance(exact.start, exact.end));
            }
        }
    }

    private static Tensor picture(Ops ops) {
        BufferedImage image = new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, SIZE, SIZE);
        graphics.setColor(Color.RED);
        graphics.fillOval(SIZE / 4, SIZE / 4, SIZE / 2, SIZE / 2);
        graphics.dispose();
        float[] values = new float[SIZE * SIZE * 3];
        for (int i = 0; i < values.length; i++) {
            int rgb = image.getRGB(i / 3 % SIZE, i / 3 / SIZE);
            values[i] = (rgb >> 8 * (2 - i % 3) & 0xff) / 127.5f - 1;
        }
        return ops.host().floats(Shape.of(1, SIZE, SIZE, 3), values);
    }

    private static Run train(
            Ops ops, Denoiser denoiser, TrainingExample example, int steps, boolean eightBit) {
        TrainingSettings settings =
                new TrainingSettings(
                        TrainingWorkload.TARGETS,
                        32,
                        128,
                        1e-4f,
                        0,
                        steps,
                        1,
                        0,
                        1,
                        AdamWSettings.defaults().withEightBitMoments(eightBit),
                        true,
                        7);
        float[] losses = new float[steps];
        try (AdapterTrainer trainer =
                new AdapterTrainer(ops, denoiser, List.of(example), any -> SIGMAS, settings, 1)) {
            List<float[]> start = parameters(ops, trainer);
            for (int i = 0; i < steps; i++) {
                losses[i] = trainer.step().loss();
            }
            return new Run(losses, start, parameters(ops, trainer));
        }
    }

    private static List<float[]> parameters(Ops ops, AdapterTrainer trainer) {
        List<float[]> all = new ArrayList<>();
        for (Tensor parameter : trainer.adapter().parameters()) {
            FloatBuffer buffer = ops.host().floats(parameter);
            float[] values = new float[buffer.remaining()];
            buffer.get(values);
            all.add(values);
        }
        return all;
    }

    private static double distance(List<float[]> a, List<float[]> b) {
        double sum = 0;
        for (int p = 0; p < a.size(); p++) {
            for (int i = 0; i < a.get(p).length; i++) {
                double difference = (double) a.get(p)[i] - b.get(p)[i];
                sum += difference * difference;
            }
        }
        return Math.sqrt(sum);
    }

    /** The mean loss of steps {@code [from, to)}. */
    static double mean(float[] losses, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += losses[i];
        }
        return sum / (to - from);
    }

    /** The largest difference between the losses of a step, over the loss. */
    double largestLossDifference() {
        double largest = 0;
        for (int i = 0; i < losses.length; i++) {
            largest = Math.max(largest, Math.abs(eightBitLosses[i] - losses[i]) / losses[i]);
        }
        return largest;
    }
}
