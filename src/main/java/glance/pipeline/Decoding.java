package glance.pipeline;

import glance.api.DeviceException;
import glance.model.TokenGrid;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The last part of a run: latents to pictures, in the order of the prompts. Where memory allows,
 * the pictures of a prompt are finished before the next prompt is denoised; what did not fit beside
 * the transformer waits until that is gone.
 */
final class Decoding {
    private final Ops ops;
    private final Parts parts;
    private final Settings settings;
    private final TokenGrid grid;
    private final UnaryOperator<BufferedImage> finish;
    private final PictureSink pictures;
    private final List<Tensor> latents = new ArrayList<>();
    private final List<ImageResult> results = new ArrayList<>();
    private boolean memoryIsShort;

    /** Takes each picture as soon as it is there. */
    interface PictureSink {
        /**
         * @param index counted from 0, prompt by prompt
         */
        void accept(int index, ImageResult picture);
    }

    /**
     * @param finish what is done with each picture before it is handed on
     */
    Decoding(
            Ops ops,
            Parts parts,
            Settings settings,
            TokenGrid grid,
            UnaryOperator<BufferedImage> finish,
            PictureSink pictures) {
        this.ops = ops;
        this.parts = parts;
        this.settings = settings;
        this.grid = grid;
        this.finish = finish;
        this.pictures = pictures;
    }

    /**
     * Takes the last latents of the next prompt.
     *
     * @param tensor [batch, tokens, channels], alive until {@link #finish} has returned
     */
    void add(Tensor tensor) {
        latents.add(tensor);
    }

    /** How many prompts were taken. */
    int prompts() {
        return latents.size();
    }

    /** Decodes what was taken, unless there is no room for it now. */
    void decodeBeside() {
        if (memoryIsShort) {
            return;
        }
        try {
            decode();
        } catch (DeviceException e) {
            if (!e.isOutOfMemory()) {
                throw e;
            }
            memoryIsShort = true;
            parts.closeCodec();
        }
    }

    /** Decodes all that was taken. */
    List<ImageResult> finish() {
        try {
            decode();
            return List.copyOf(results);
        } finally {
            parts.leaveCodec();
        }
    }

    private void decode() {
        while (results.size() < latents.size() * settings.batch()) {
            int prompt = results.size() / settings.batch();
            int b = results.size() % settings.batch();
            try (Scope scope = ops.scope()) {
                Tensor one = ops.pack(latents.get(prompt).narrow(0, b, 1));
                Tensor decoded = parts.codec().decode(ops, one, grid);
                ImageResult result =
                        new ImageResult(
                                settings.prompts().get(prompt),
                                settings.seed() + b,
                                finish.apply(Pictures.of(ops, decoded).get(0)));
                results.add(result);
                pictures.accept(results.size() - 1, result);
            }
        }
    }
}
