package glance.pipeline;

import glance.api.DeviceException;
import glance.api.Lora;
import glance.api.Plan;
import glance.api.Plans;
import glance.api.RequestException;
import glance.api.Strength;
import glance.backend.Device;
import glance.backend.DryDevice;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.schedule.NoiseSchedule;
import glance.schedule.PhasePlan;
import java.util.List;
import java.util.Locale;

/**
 * Whether pictures as large as those of a request can be made, told before anything is loaded:
 * whether its plan has steps for so many tokens, and whether the memory of the device is enough, by
 * a {@link MemoryForecast} of one step without adapters, which are small beside a large picture.
 * Strengths that change from step to step are not: each has what the network computes once for it.
 */
final class SizeCheck {
    /** A recommended size leaves this for the rest of the engine, and a part for fragments. */
    private static final long REST_BYTES = 10L << 20;

    private static final double SHARE = 0.85;

    private final Device device;
    private final ModelFolder folder;
    private final Settings request;
    private final Family.Geometry geometry;
    private final NoiseSchedule schedule;
    private long ramps = -1; // bytes; below 0 before they are known

    SizeCheck(
            Device device,
            ModelFolder folder,
            Settings request,
            Family.Geometry geometry,
            NoiseSchedule schedule) {
        this.device = device;
        this.folder = folder;
        this.request = request;
        this.geometry = geometry;
        this.schedule = schedule;
    }

    /**
     * @throws IllegalArgumentException if the model or the plan is not for such a size, with the
     *     largest size of its shape that works
     * @throws DeviceException if the memory is not enough, likewise
     */
    void require() {
        long usual = (long) geometry.defaultSize() * geometry.defaultSize();
        if (request.references().isEmpty()
                && request.start().isEmpty()
                && (long) request.width() * request.height() * request.batch() <= usual) {
            return;
        }
        String problem = planProblem(request.width(), request.height());
        if (problem != null) {
            throw new RequestException(problem + "; " + advice());
        }
        long needed = bytes(request.width(), request.height());
        long there = device.info().memoryBytes();
        if (needed > there) {
            throw new DeviceException(
                    "out of memory: "
                            + (request.batch() == 1 ? "a picture" : request.batch() + " pictures")
                            + " of "
                            + request.width()
                            + "x"
                            + request.height()
                            + " would need "
                            + (needed == Long.MAX_VALUE ? "more than " : gibibytes(needed) + " of ")
                            + gibibytes(there)
                            + " on "
                            + device.info().id()
                            + "; "
                            + advice()
                            + "; on the CPU java -Xmx... sets how much there is");
        }
    }

    /** Whether so many pictures at a time have room on the device. */
    boolean fits(int pictures) {
        return bytes(request.width(), request.height(), pictures, request.plan(), request.loras())
                <= safeBytes();
    }

    /** What a recommended run may take: with weights that stream it takes what it is given. */
    private double safeBytes() {
        long memory = device.info().memoryBytes();
        return device.memory().mapsWeights()
                ? SHARE * memory - REST_BYTES
                : WeightRooms.SHARE * memory;
    }

    private static String gibibytes(long bytes) {
        return String.format(Locale.ROOT, "%.2f GiB", bytes / (double) (1L << 30));
    }

    private String advice() {
        double safe = safeBytes();
        int fits = 0;
        int fails = Math.max(request.width(), request.height()) / geometry.pixelsPerToken();
        while (fails - fits > 1) {
            int middle = (fits + fails) / 2;
            int[] size = size(middle);
            if (planProblem(size[0], size[1]) == null && bytes(size[0], size[1]) <= safe) {
                fits = middle;
            } else {
                fails = middle;
            }
        }
        String fewer = request.references().isEmpty() ? "" : ", or take fewer references";
        if (fits == 0) {
            return "no size of this shape works" + fewer;
        }
        int[] size = size(fits);
        return "the largest size of this shape that works is " + size[0] + "x" + size[1] + fewer;
    }

    /** Why the plan has no steps for a size, or null. */
    private String planProblem(int width, int height) {
        try {
            PhasePlan.of(request.plan(), schedule, geometry.grid(width, height).tokens());
            return null;
        } catch (IllegalArgumentException e) {
            return e.getMessage();
        }
    }

    /** Width and height of a picture of the same shape whose longer side has so many units. */
    private int[] size(int longer) {
        int unit = geometry.pixelsPerToken();
        double scale = (double) longer * unit / Math.max(request.width(), request.height());
        return new int[] {
            Math.max(1, (int) Math.round(request.width() * scale / unit)) * unit,
            Math.max(1, (int) Math.round(request.height() * scale / unit)) * unit
        };
    }

    /**
     * What a size takes of the device's memory; {@code Long.MAX_VALUE} for more than can be said.
     */
    private long bytes(int width, int height) {
        long one = bytes(width, height, request.batch(), Plans.uniform(1), List.of());
        if (ramps < 0) {
            ramps = ramps();
        }
        return one > Long.MAX_VALUE - ramps ? Long.MAX_VALUE : one + ramps;
    }

    /**
     * What steps of different strengths take beside one step, such as a text that is refined for
     * each of them. It depends on the prompt, not on the size of the picture.
     */
    private long ramps() {
        boolean none =
                request.loras().stream()
                        .map(Lora::strength)
                        .noneMatch(s -> s instanceof Strength.Ramp || s instanceof Strength.Each);
        int width = request.width();
        int height = request.height();
        int batch = request.batch();
        long one = none ? 0 : bytes(width, height, batch, Plans.uniform(1), List.of());
        return none || one == Long.MAX_VALUE
                ? 0
                : Math.max(0, bytes(width, height, batch, request.plan(), request.loras()) - one);
    }

    private long bytes(int width, int height, int batch, Plan plan, List<Lora> loras) {
        Settings one = like(request, width, height, batch, plan, loras);
        boolean mapped = device.memory().mapsWeights();
        try (DryDevice dry = DryDevice.of(device)) {
            return MemoryForecast.of(dry, folder, one).parts().stream()
                    .mapToLong(part -> mapped ? part.scratchBytes() : part.bytes())
                    .max()
                    .orElse(0);
        } catch (OutOfMemoryError e) {
            return Long.MAX_VALUE; // not even what is read back from the device has room
        } catch (DeviceException e) {
            if (e.isOutOfMemory()) {
                return Long.MAX_VALUE; // not even when its weights stream from host memory
            }
            throw e;
        }
    }

    /** A run that takes the memory of another one, without adapters, for one of its prompts. */
    static Settings like(Settings request, Plan plan) {
        return like(request, request.width(), request.height(), request.batch(), plan, List.of());
    }

    private static Settings like(
            Settings request, int width, int height, int batch, Plan plan, List<Lora> loras) {
        return new Settings(
                request.prompts().subList(0, 1),
                request.negative(),
                0,
                batch,
                width,
                height,
                request.guidance(),
                plan,
                loras,
                request.maxPromptTokens(),
                request.references(),
                request.start().map(start -> StartPicture.blank(width, height)));
    }
}
