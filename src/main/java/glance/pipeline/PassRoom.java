package glance.pipeline;

import glance.backend.Device;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.schedule.NoiseSchedule;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How many pictures have room in one forward pass. */
final class PassRoom {
    /** What is remembered of what had room. */
    private static final int MOST_FORECASTS = 100;

    private final Device device;
    private final ModelFolder folder;
    private final Family.Geometry geometry;
    private final NoiseSchedule schedule;
    private final Map<List<Object>, Boolean> forecasts = new HashMap<>();

    PassRoom(Device device, ModelFolder folder, Family.Geometry geometry, NoiseSchedule schedule) {
        this.device = device;
        this.folder = folder;
        this.geometry = geometry;
        this.schedule = schedule;
    }

    SizeCheck check(Settings settings) {
        return new SizeCheck(device, folder, settings, geometry, schedule);
    }

    /** So many pictures of these settings, one at least and {@code wanted} at most. */
    int most(Settings settings, int wanted) {
        SizeCheck check = check(settings);
        int most = wanted;
        while (most > 1 && !fits(check, settings, most)) {
            most = (most + 1) / 2;
        }
        return most;
    }

    /** Asked for again and again while a queue is long, and a forecast takes a while. */
    private boolean fits(SizeCheck check, Settings settings, int pictures) {
        List<Object> key =
                List.of(PassShape.of(settings), settings.steps(), settings.loras(), pictures);
        if (forecasts.size() > MOST_FORECASTS) {
            forecasts.clear();
        }
        return forecasts.computeIfAbsent(key, unknown -> check.fits(pictures));
    }
}
