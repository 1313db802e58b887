package glance.compare;

import glance.compare.scene.Scene;
import glance.pipeline.Settings;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What to compare.
 *
 * @param setting prompts, size and guidance of all runs; its plan and adapters are those of the
 *     teacher
 * @param scenes what the picture of each prompt must show, or null for any; as many as prompts
 * @param seeds start noises for each prompt
 * @param teacher the run that the others are measured against
 * @param contenders the others
 * @param against name of the run with which the others are paired, picture by picture
 */
public record ComparisonRequest(
        Settings setting,
        List<Scene> scenes,
        List<Long> seeds,
        Contender teacher,
        List<Contender> contenders,
        String against) {

    /** A request whose runs are paired with the teacher. */
    public ComparisonRequest(
            Settings setting,
            List<Scene> scenes,
            List<Long> seeds,
            Contender teacher,
            List<Contender> contenders) {
        this(setting, scenes, seeds, teacher, contenders, teacher.name());
    }

    /**
     * @throws IllegalArgumentException if there is nothing to compare, two runs share a name, or
     *     none has the name against
     */
    public ComparisonRequest {
        contenders = List.copyOf(contenders);
        seeds = List.copyOf(seeds);
        if (contenders.isEmpty()) {
            throw new IllegalArgumentException("there is no run to compare with the teacher");
        }
        Set<String> names = new LinkedHashSet<>(Set.of(teacher.name()));
        for (Contender contender : contenders) {
            if (!names.add(contender.name())) {
                throw new IllegalArgumentException(
                        "two runs have the name " + contender.name() + "; give each its own");
            }
        }
        if (!names.contains(against)) {
            throw new IllegalArgumentException(
                    "against "
                            + against
                            + ": no run has this name; runs: "
                            + String.join(", ", names));
        }
    }

    /** The teacher and all contenders, in order. */
    public List<Contender> runs() {
        List<Contender> runs = new ArrayList<>(List.of(teacher));
        runs.addAll(contenders);
        return runs;
    }

    /** The settings of a run: pictures are made one by one, so that their times can be compared. */
    public Settings settings(Contender contender) {
        return setting.with(contender.plan(), contender.adapters());
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
