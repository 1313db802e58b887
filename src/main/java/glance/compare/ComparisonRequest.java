package glance.compare;

import glance.compare.scene.Scene;
import glance.pipeline.ImageSession;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What to compare.
 *
 * @param setting prompts, size and guidance of all runs
 * @param scenes what the picture of each prompt must show, or null for any; as many as prompts
 * @param seeds start noises for each prompt
 * @param teacher the run that the others are measured against
 * @param contenders the others
 */
public record ComparisonRequest(
        ImageSession.Setting setting,
        List<Scene> scenes,
        List<Long> seeds,
        Contender teacher,
        List<Contender> contenders) {

    /**
     * @throws IllegalArgumentException if there is nothing to compare, or two runs share a name
     */
    public ComparisonRequest {
        contenders = List.copyOf(contenders);
        seeds = List.copyOf(seeds);
        if (contenders.isEmpty()) {
            throw new IllegalArgumentException("there is no run to compare with the teacher");
        }
        Set<String> names = new HashSet<>(Set.of(teacher.name()));
        for (Contender contender : contenders) {
            if (!names.add(contender.name())) {
                throw new IllegalArgumentException(
                        "two runs have the name " + contender.name() + "; give each its own");
            }
        }
    }

    /** Denoising steps in all. */
    public int totalSteps() {
        int each = teacher.plan().levels().count();
        for (Contender contender : contenders) {
            each += contender.plan().levels().count();
        }
        return each * setting.prompts().size() * seeds.size();
    }
}
