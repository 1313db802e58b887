package glance.pipeline;

import glance.api.Residency;
import glance.backend.Device;
import glance.io.ModelFolder;
import glance.model.Denoiser;
import glance.model.Family;
import glance.model.LatentCodec;
import glance.model.PromptEncoder;
import glance.ops.Ops;
import java.util.List;

/**
 * The parts of a model, opened when they are needed. What is left is closed, unless it may stay.
 */
final class Parts implements AutoCloseable {
    /** Of the memory that the forecast leaves free, a part is lost to fragments. */
    private static final double SHARE = 0.9;

    private final Ops ops;
    private final Family family;
    private final ModelFolder folder;
    private Stay stay; // null before it is known
    private Residency residency; // null to be chosen
    private boolean borrowed; // the denoiser belongs to somebody else
    private PromptEncoder given; // in place of the text encoders; null if there is none
    private PromptEncoder encoder;
    private int encoderTokens;
    private Denoiser denoiser;
    private LatentCodec codec;

    /** What stays: everything, all but the text encoders, or nothing. */
    private enum Stay {
        ALL,
        BUT_ENCODERS,
        NOTHING
    }

    /**
     * @param residency null to let the memory decide
     */
    Parts(Ops ops, Family family, ModelFolder folder, Residency residency) {
        this.ops = ops;
        this.family = family;
        this.folder = folder;
        this.residency = residency;
    }

    /** Parts around a denoiser that is open already and is not closed here. */
    static Parts around(Denoiser denoiser, Ops ops, Family family, ModelFolder folder) {
        Parts parts = new Parts(ops, family, folder, Residency.STREAM);
        parts.denoiser = denoiser;
        parts.borrowed = true;
        return parts;
    }

    /** Parts with a text encoder that is open already and is not closed here. */
    static Parts given(PromptEncoder encoder, Ops ops, Family family, ModelFolder folder) {
        Parts parts = new Parts(ops, family, folder, Residency.STREAM);
        parts.given = encoder;
        return parts;
    }

    /**
     * The text encoders.
     *
     * @param tokens of a prompt that they read
     * @param listener told if they are opened now
     */
    PromptEncoder encoder(int tokens, RunListener listener) {
        if (given != null) {
            return given;
        }
        if (encoder != null && encoderTokens != tokens) {
            closeEncoder();
        }
        if (encoder == null) {
            listener.stage(Drawing.TEXT_ENCODER);
            encoder = family.openPromptEncoder(ops, folder, tokens);
            encoderTokens = tokens;
        }
        return encoder;
    }

    Denoiser denoiser() {
        if (denoiser == null) {
            denoiser = family.openDenoiser(ops, folder);
        }
        return denoiser;
    }

    LatentCodec codec() {
        if (codec == null) {
            codec = family.openCodec(ops, folder);
        }
        return codec;
    }

    /** Whether the denoiser stays from run to run. */
    boolean keepsDenoiser() {
        return stay() != Stay.NOTHING;
    }

    /** The text encoders are not needed now. */
    void leaveEncoder() {
        if (encoder != null && stay() != Stay.ALL) {
            closeEncoder();
        }
    }

    /** The denoiser is not needed now. */
    void leaveDenoiser() {
        if (denoiser != null && !borrowed && stay() == Stay.NOTHING) {
            closeDenoiser();
        }
    }

    /** The autoencoder is not needed now. */
    void leaveCodec() {
        if (codec != null && stay() == Stay.NOTHING) {
            closeCodec();
        }
    }

    /** From now on one part at a time; those that are open are closed. */
    void stream() {
        close();
        residency = Residency.STREAM;
        stay = Stay.NOTHING;
    }

    private Stay stay() {
        if (stay == null) {
            stay = residency == Residency.STREAM ? Stay.NOTHING : forecast();
        }
        return stay;
    }

    private Stay forecast() {
        Device device = ops.device();
        if (device.memory().mapsWeights()) {
            return Stay.ALL; // they lie in the files that the system keeps in memory
        }
        List<MemoryForecast.Part> all = MemoryForecast.of(device, folder).parts();
        if (fit(all)) {
            return Stay.ALL;
        }
        List<MemoryForecast.Part> later =
                all.stream().filter(part -> !part.name().equals(Drawing.TEXT_ENCODER)).toList();
        return residency == Residency.RESIDENT || fit(later) ? Stay.BUT_ENCODERS : Stay.NOTHING;
    }

    private boolean fit(List<MemoryForecast.Part> parts) {
        long weights = parts.stream().mapToLong(MemoryForecast.Part::weightBytes).sum();
        long scratch = parts.stream().mapToLong(MemoryForecast.Part::scratchBytes).max().orElse(0);
        return weights + scratch <= SHARE * ops.device().info().memoryBytes();
    }

    private void closeEncoder() {
        encoder.close();
        encoder = null;
    }

    private void closeDenoiser() {
        denoiser.close();
        denoiser = null;
    }

    /** Frees the memory of the autoencoder, even if it may stay; it is opened again if need be. */
    void closeCodec() {
        if (codec != null) {
            codec.close();
            codec = null;
        }
    }

    @Override
    public void close() {
        if (encoder != null) {
            closeEncoder();
        }
        if (denoiser != null && !borrowed) {
            closeDenoiser();
        }
        closeCodec();
    }
}
