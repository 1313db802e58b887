package glance.check;

import com.fasterxml.jackson.databind.JsonNode;
import glance.io.Config;
import glance.ops.Ops;
import glance.schedule.FlowMatchSchedule;
import java.nio.FloatBuffer;

/** Sigma grids; each family's scheduler_config.json lies in a folder of its name. */
final class ScheduleCheck {
    private ScheduleCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        for (JsonNode entry : folder.required("cases")) {
            String family = entry.path("family").asText();
            int steps = entry.path("steps").asInt();
            boolean sized = entry.hasNonNull("image_seq_len");
            int imageSeqLen = sized ? entry.path("image_seq_len").asInt() : 1;
            FlowMatchSchedule schedule =
                    FlowMatchSchedule.read(
                            Config.read(
                                    folder.path()
                                            .resolve(family)
                                            .resolve("scheduler_config.json")));
            if (!sized) {
                // recorded without a size: the scheduler made its grid alone, as for SD3
                schedule = schedule.withSpacing(FlowMatchSchedule.Spacing.TRAINED);
            }
            float[] sigmas = schedule.sigmas(steps, imageSeqLen);
            String name = family + "." + steps + "." + imageSeqLen;
            folder.compare(
                    name,
                    FloatBuffer.wrap(sigmas),
                    values(entry.path("sigmas")),
                    folder.tolerance());
            FloatBuffer timesteps = FloatBuffer.allocate(sigmas.length - 1);
            for (int i = 0; i < sigmas.length - 1; i++) {
                timesteps.put(i, sigmas[i] * 1000);
            }
            FloatBuffer want = values(entry.path("timesteps"));
            folder.compare(name + ".timesteps", timesteps, want, folder.tolerance());
        }
    }

    private static FloatBuffer values(JsonNode array) {
        FloatBuffer values = FloatBuffer.allocate(array.size());
        array.forEach(value -> values.put((float) value.asDouble()));
        return values.flip();
    }
}
