package glance.pipeline;

import glance.backend.DeviceException;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.model.LatentCodec;
import glance.model.TokenGrid;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The last part of a run: latents to pictures, in the order of the prompts. Where memory allows,
 * the pictures of a prompt are finished before the next prompt is denoised; what did not fit beside
 * the transformer waits until that is gone.
 */
final class Decoding {
    private final Ops ops;
    private final Family family;
    private final ModelFolder folder;
    private final ImageRequest request;
    private final TokenGrid grid;
    private final RunListener listener;
    private final List<Tensor> latents = new ArrayList<>();
    private final List<ImageResult> results = new ArrayList<>();
    private LatentCodec codec;
    private boolean memoryIsShort;

    Decoding(
            Ops ops,
            Family family,
            ModelFolder folder,
            ImageRequest request,
            TokenGrid grid,
            RunListener listener) {
        this.ops = ops;
        this.family = family;
        this.folder = folder;
        this.request = request;
        this.grid = grid;
        this.listener = listener;
    }

    /** The autoencoder, opened if need be. It is closed by {@link #release}. */
    LatentCodec codec() {
        if (codec == null) {
            codec = family.openCodec(ops, folder);
        }
        return codec;
    }

    /** Closes the autoencoder; it is opened again when it is needed. */
    void release() {
        if (codec != null) {
            codec.close();
            codec = null;
        }
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
            release();
        }
    }

    /** Decodes all that was taken, and closes the autoencoder. */
    List<ImageResult> finish() {
        listener.stage("autoencoder");
        try {
            decode();
            return List.copyOf(results);
        } finally {
            release();
        }
    }

    private void decode() {
        while (results.size() < latents.size() * request.batch()) {
            int prompt = results.size() / request.batch();
            int b = results.size() % request.batch();
            try (Scope scope = ops.scope()) {
                Tensor one = ops.pack(latents.get(prompt).narrow(0, b, 1));
                Tensor decoded = codec().decode(ops, one, grid);
                ImageResult result =
                        new ImageResult(
                                request.prompts().get(prompt),
                                request.seed() + b,
                                Pictures.of(ops, decoded).get(0));
                results.add(result);
                listener.picture(results.size() - 1, result);
            }
        }
    }
}
