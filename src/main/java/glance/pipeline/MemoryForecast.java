package glance.pipeline;

import glance.api.FormatException;
import glance.api.MemoryStats;
import glance.backend.Device;
import glance.backend.DeviceMemory;
import glance.backend.DryDevice;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.model.ReferenceRules;
import glance.ops.Ops;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The device memory of a run, part by part. The parts are loaded one after the other, so the run
 * needs what its largest part needs. Nothing is estimated by formula: the run itself takes place on
 * a {@link DryDevice}, which counts instead of computing.
 *
 * @param width of the picture in pixels
 * @param height of the picture in pixels
 * @param samples rows of the batch: 2 with guidance
 * @param parts in the order of the run
 */
public record MemoryForecast(int width, int height, int samples, List<Part> parts) {
    /**
     * One part of a model while it is loaded.
     *
     * @param name as in {@link RunListener#stage}
     * @param weightBytes most of its weights on the device at once, as the device keeps them
     * @param scratchBytes at the worst moment: activations, results of earlier parts, workspaces of
     *     kernels, weights that were rearranged
     * @param hostBytes weights that stream from host memory, where they are pinned
     */
    public record Part(String name, long weightBytes, long scratchBytes, long hostBytes) {
        /** Weights and scratch together. */
        public long bytes() {
            return weightBytes + scratchBytes;
        }
    }

    /** The part that needs most. */
    public Part largest() {
        return parts.stream().max(Comparator.comparingLong(Part::bytes)).orElseThrow();
    }

    /**
     * Forecasts one picture of the model's own size, with its own plan and guidance and without
     * adapters; where the text encoder looks at references, from one of that size.
     *
     * @param device whose dtype and kernels count; nothing runs on it
     * @throws FormatException if the model cannot be run
     */
    public static MemoryForecast of(Device device, ModelFolder folder) {
        return of(DryDevice.of(device), folder, usual(folder));
    }

    /** One picture of the model's own size, as its family makes it. */
    static Settings usual(ModelFolder folder) {
        Family family = Families.of(folder);
        Family.Defaults defaults = Families.defaults(folder);
        int size = family.geometry(folder).defaultSize();
        boolean looks = family.references(folder).filter(ReferenceRules::describes).isPresent();
        return new Settings(
                List.of(family.typicalPrompt()),
                defaults.negative(),
                0,
                1,
                size,
                size,
                Guidance.of(defaults),
                defaults.plan(),
                List.of(),
                0,
                looks ? List.of(ReferencePicture.blank(size, size)) : List.of());
    }

    /**
     * Forecasts a request on a dry device. Weights that have no room in its memory stream.
     *
     * @throws glance.api.DeviceException if they have no room even then
     */
    public static MemoryForecast of(DryDevice device, ModelFolder folder, Settings request) {
        return of(device, folder, request, device.info().memoryBytes());
    }

    /**
     * The same in so much memory.
     *
     * @param memoryBytes 0 to let all weights stay
     */
    public static MemoryForecast of(
            DryDevice device, ModelFolder folder, Settings request, long memoryBytes) {
        MemoryForecast whole = whole(device, folder, request);
        WeightRooms rooms =
                device.memory().mapsWeights()
                        ? WeightRooms.NONE
                        : WeightRooms.of(whole.parts(), memoryBytes);
        return rooms.equals(WeightRooms.NONE) ? whole : of(device, folder, request, rooms);
    }

    /** Forecasts a request all of whose weights stay on the device. */
    static MemoryForecast whole(DryDevice device, ModelFolder folder, Settings request) {
        return of(device, folder, request, WeightRooms.NONE);
    }

    private static MemoryForecast of(
            DryDevice device, ModelFolder folder, Settings request, WeightRooms rooms) {
        Meter meter = new Meter(device);
        try (Ops ops = new Ops(device)) {
            Pipeline pipeline = Pipeline.in(rooms, ops, folder);
            pipeline.run(request, meter);
            pipeline.close();
        }
        int samples = request.batch() * (request.guidance().isActive() ? 2 : 1);
        return new MemoryForecast(request.width(), request.height(), samples, meter.parts());
    }

    /**
     * Measures the parts of a run on any device, one part at a time: hand it to the run, then ask
     * for the parts.
     */
    public static final class Meter implements RunListener {
        private final DeviceMemory memory;
        private final List<Part> parts = new ArrayList<>();
        private String current;

        public Meter(Device device) {
            memory = device.memory();
        }

        @Override
        public void stage(String name) {
            if (name.equals(Drawing.DENOISING)) {
                return; // the transformer goes on
            }
            end();
            current = name;
        }

        /** The parts so far; call it when the run is over. */
        public List<Part> parts() {
            end();
            return List.copyOf(parts);
        }

        private void end() {
            MemoryStats stats = memory.stats();
            if (current != null) {
                parts.add(
                        new Part(
                                current,
                                stats.peakWeightBytes(),
                                stats.peakScratchBytes(),
                                stats.peakHostBytes()));
                current = null;
            }
            memory.resetPeak();
        }
    }
}
