package glance.pipeline;

import glance.backend.Device;
import glance.backend.DryDevice;
import glance.io.ModelFolder;
import glance.ops.WeightLimit;
import glance.text.ByteText;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What the weights of a run's parts may take of a device's memory, where a part does not fit as a
 * whole: what its activations leave. Blocks that have no room then stream from host memory.
 *
 * @param bytes by the name of the part; parts that fit are not in it
 */
public record WeightRooms(Map<String, Long> bytes) {
    /** All parts fit, or nobody asks. */
    public static final WeightRooms NONE = new WeightRooms(Map.of());

    /** What a forecast may take of the memory; the rest is for fragments and the driver. */
    static final double SHARE = 0.9;

    /**
     * The rooms in so much memory.
     *
     * @param parts that all stay on the device as a whole
     * @param memoryBytes 0 if it is not known
     */
    public static WeightRooms of(List<MemoryForecast.Part> parts, long memoryBytes) {
        Map<String, Long> rooms = new HashMap<>();
        for (MemoryForecast.Part part : parts) {
            if (memoryBytes > 0 && !fits(part.bytes(), memoryBytes)) {
                long room = (long) (SHARE * memoryBytes) - part.scratchBytes();
                rooms.merge(part.name(), Math.max(0, room), Math::min);
            }
        }
        return new WeightRooms(Map.copyOf(rooms));
    }

    /** Whether a device holds weights itself, in memory whose size is known. */
    public static boolean mayLackRoom(Device device) {
        return device.info().memoryBytes() > 0 && !device.memory().mapsWeights();
    }

    /** Those of a run of the model's own size on a device. */
    public static WeightRooms of(Device device, ModelFolder folder) {
        if (!mayLackRoom(device)) {
            return NONE;
        }
        try (DryDevice dry = DryDevice.of(device)) {
            return of(
                    MemoryForecast.whole(dry, folder, MemoryForecast.usual(folder)).parts(),
                    device.info().memoryBytes());
        }
    }

    /** The smaller room of each part: for runs that share what is open. */
    WeightRooms and(WeightRooms other) {
        Map<String, Long> both = new HashMap<>(bytes);
        other.bytes.forEach((part, room) -> both.merge(part, room, Math::min));
        return new WeightRooms(Map.copyOf(both));
    }

    static boolean fits(long bytes, long memoryBytes) {
        return bytes <= SHARE * memoryBytes;
    }

    /**
     * The limit for the weights of a part.
     *
     * @param conditioningStays see {@link WeightLimit}
     * @param notes told in one line if some stream
     */
    public WeightLimit limit(String part, boolean conditioningStays, Consumer<String> notes) {
        Long room = bytes.get(part);
        return room == null
                ? WeightLimit.NONE
                : new WeightLimit(
                        room, conditioningStays, split -> notes.accept(part + ": " + text(split)));
    }

    private static String text(WeightLimit.Split split) {
        return "weights of "
                + split.blocks()
                + " blocks stream from host memory; "
                + ByteText.of(split.deviceBytes())
                + " of "
                + ByteText.of(split.deviceBytes() + split.hostBytes())
                + " stay on the device";
    }
}
