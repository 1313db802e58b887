package glance.check;

import com.fasterxml.jackson.databind.JsonNode;
import glance.io.Config;
import glance.model.flux2.Flux2Mu;
import glance.ops.Ops;
import glance.schedule.FlowMatchSchedule;
import java.nio.FloatBuffer;

/** Sigma grids; each family's scheduler_config.json lies in a folder of its name. */
final class ScheduleCheck {
    private static final String TOKENS = "image_tokens";

    private ScheduleCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        for (JsonNode entry : folder.required("cases")) {
            String family = entry.path("family").asText();
            int steps = entry.path("steps").asInt();
            JsonNode tokens = entry.path(entry.has(TOKENS) ? TOKENS : "image_seq_len");
            boolean sized = tokens.isNumber();
            int imageSeqLen = tokens.asInt(1);
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
            if (family.startsWith("flux.2")) {
                schedule = schedule.withMu(new Flux2Mu());
            }
            float[] sigmas = schedule.sigmas(steps, imageSeqLen);
            String name = family + "." + steps + "." + imageSeqLen;
            folder.compare(
                    name,
                    FloatBuffer.wrap(sigmas),
                    values(entry.path("sigmas")),
                    folder.tolerance());
            if (!entry.has("timesteps")) {
                continue;
            }
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
