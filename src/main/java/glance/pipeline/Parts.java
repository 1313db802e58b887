package glance.pipeline;

import glance.api.Plans;
import glance.api.Residency;
import glance.backend.Device;
import glance.backend.DryDevice;
import glance.io.ModelFolder;
import glance.model.Denoiser;
import glance.model.Family;
import glance.model.LatentCodec;
import glance.model.PromptEncoder;
import glance.model.TokenGrid;
import glance.ops.Ops;
import glance.ops.WeightLimit;
import glance.schedule.PhasePlan;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The parts of a model, opened when they are needed. What is left is closed, unless it may stay.
 */
final class Parts implements AutoCloseable {
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
    private boolean roomsAreKnown;
    private WeightRooms rooms = WeightRooms.NONE;
    private Object roomsFor; // what the rooms depend on
    private Consumer<String> notes = note -> {};
    private final Set<String> told = new HashSet<>();

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

    /** Parts that are open one at a time, with known rooms for weights. */
    static Parts in(WeightRooms rooms, Ops ops, Family family, ModelFolder folder) {
        Parts parts = new Parts(ops, family, folder, Residency.STREAM);
        parts.rooms = rooms;
        parts.roomsAreKnown = true;
        return parts;
    }

    /** Parts around a denoiser that is open already and is not closed here. */
    static Parts around(Denoiser denoiser, Ops ops, Family family, ModelFolder folder) {
        Parts parts = new Parts(ops, family, folder, Residency.STREAM);
        parts.denoiser = denoiser;
        parts.borrowed = true;
        parts.roomsAreKnown = true;
        return parts;
    }

    /** Parts with a text encoder that is open already and is not closed here. */
    static Parts given(PromptEncoder encoder, Ops ops, Family family, ModelFolder folder) {
        Parts parts = new Parts(ops, family, folder, Residency.STREAM);
        parts.given = encoder;
        parts.roomsAreKnown = true;
        return parts;
    }

    /**
     * Finds out what the weights of parts that are opened from now on may take of the memory.
     *
     * @param settings of the run
     * @param beside whether there are other runs, which need their rooms too
     * @param notes told of weights that stream from host memory, once of each case
     */
    void makeRooms(Settings settings, boolean beside, Consumer<String> notes) {
        this.notes =
                note -> {
                    if (told.add(note)) {
                        notes.accept(note);
                    }
                };
        if (roomsAreKnown || !WeightRooms.mayLackRoom(ops.device())) {
            return;
        }
        Settings like = SizeCheck.like(settings, Plans.uniform(steps(settings)));
        Object key =
                List.of(
                        like.width(),
                        like.height(),
                        like.batch(),
                        like.plan().name(),
                        like.guidance().isActive(),
                        like.references().size(),
                        like.start().isPresent(),
                        like.maxPromptTokens());
        if (!key.equals(roomsFor)) {
            MemoryForecast whole = MemoryForecast.whole(DryDevice.of(ops.device()), folder, like);
            WeightRooms own = WeightRooms.of(whole.parts(), ops.device().info().memoryBytes());
            if (!beside && !own.equals(rooms)) {
                close(); // what is open was opened with other rooms
            }
            rooms = beside ? rooms.and(own) : own;
            roomsFor = beside ? null : key; // rooms of two runs are no run's own
        }
    }

    private int steps(Settings settings) {
        TokenGrid grid = family.geometry(folder).grid(settings.width(), settings.height());
        return PhasePlan.of(settings.plan(), family.schedule(folder), grid.tokens()).steps().size();
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
            ops.limitWeights(rooms.limit(Drawing.TEXT_ENCODER, false, notes));
            encoder = family.openPromptEncoder(ops, folder, tokens);
            encoderTokens = tokens;
        }
        return encoder;
    }

    Denoiser denoiser() {
        if (denoiser == null) {
            ops.limitWeights(rooms.limit(Drawing.TRANSFORMER, keepsDenoiser(), notes));
            denoiser = family.openDenoiser(ops, folder);
        }
        return denoiser;
    }

    LatentCodec codec() {
        if (codec == null) {
            ops.limitWeights(WeightLimit.NONE);
            codec = family.openCodec(ops, folder);
        }
        return codec;
    }

    /** Whether weights stream from host memory. */
    boolean streamsWeights() {
        return !rooms.bytes().isEmpty();
    }

    /** Whether the denoiser stays from run to run. */
    boolean keepsDenoiser() {
        return stay() != Stay.NOTHING && !rooms.bytes().containsKey(Drawing.TRANSFORMER);
    }

    /** The text encoders are not needed now. */
    void leaveEncoder() {
        if (encoder != null && stay() != Stay.ALL) {
            closeEncoder();
        }
    }

    /** The denoiser is not needed now. */
    void leaveDenoiser() {
        if (denoiser != null && !borrowed && !keepsDenoiser()) {
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
        List<MemoryForecast.Part> all =
                MemoryForecast.whole(DryDevice.of(device), folder, MemoryForecast.usual(folder))
                        .parts();
        if (!all.stream().allMatch(part -> fit(List.of(part)))) {
            return Stay.NOTHING; // weights stream, and take what memory there is
        }
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
        return WeightRooms.fits(weights + scratch, ops.device().info().memoryBytes());
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
