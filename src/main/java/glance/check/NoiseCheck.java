package glance.check;

import com.fasterxml.jackson.databind.JsonNode;
import glance.ops.Ops;
import glance.schedule.SeededNoise;
import glance.schedule.Seeds;

/** Two consecutive draws of n normal numbers for a seed: out.SEED.N.first and .second. */
final class NoiseCheck {
    private NoiseCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        for (JsonNode entry : folder.required("cases")) {
            long seed = Seeds.parse(entry.get(0).asText());
            int n = entry.get(1).asInt();
            SeededNoise noise = new SeededNoise(seed);
            for (String draw : new String[] {"first", "second"}) {
                String name = "out." + Seeds.text(seed) + "." + n + "." + draw;
                folder.compare(name, noise.normal(n), folder.floats(name), folder.tolerance());
            }
        }
    }
}
