package glance.pipeline;

import glance.api.FormatException;
import glance.api.Plan;
import glance.api.Plans;
import glance.io.Config;
import glance.io.ModelFolder;
import glance.model.Family;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a model folder says about its own use, in a file {@code glance.json} of its top, with all
 * optional keys:
 *
 * <pre>{@code
 * {
 *   "plan": "uniform-6",     // name of a plan; else that of the family
 *   "guidance": 3.5,         // the model card's number; else that of the family
 *   "negative": " ",         // else that of the family
 *   "experts": false         // whether the adapters in experts/ are used unasked; else true
 * }
 * }</pre>
 *
 * Comments are for this page only. Unknown keys are refused, so that a misspelt one is not lost.
 *
 * @param plan null for that of the family
 * @param guidance null for that of the family
 * @param negative null for that of the family
 */
public record FolderNote(Plan plan, Float guidance, String negative, boolean experts) {
    private static final String FILE = "glance.json";
    private static final String PLAN = "plan";
    private static final String GUIDANCE = "guidance";
    private static final String NEGATIVE = "negative";
    private static final String EXPERTS = "experts";
    private static final List<String> KEYS = List.of(PLAN, GUIDANCE, NEGATIVE, EXPERTS);
    private static final FolderNote NONE = new FolderNote(null, null, null, true);

    /**
     * The note of a folder; without one, nothing is changed.
     *
     * @throws FormatException naming file and key, if there is one that makes no sense
     */
    public static FolderNote of(ModelFolder model) {
        Path file = model.path().resolve(FILE);
        return Files.exists(file) ? read(Config.read(file)) : NONE;
    }

    private static FolderNote read(Config config) {
        for (String key : config.keys()) {
            if (!KEYS.contains(key)) {
                throw config.refuse(
                        key,
                        "is not a key of a model's note",
                        "known keys: " + String.join(", ", KEYS));
            }
        }
        return new FolderNote(
                config.has(PLAN) ? plan(config) : null,
                config.has(GUIDANCE) ? guidance(config) : null,
                config.has(NEGATIVE) ? config.string(NEGATIVE) : null,
                config.flag(EXPERTS, true));
    }

    private static Plan plan(Config config) {
        Optional<Plan> plan;
        try {
            plan = Plans.named(config.string(PLAN));
        } catch (IllegalArgumentException e) {
            throw config.refuse(PLAN, e.getMessage(), "correct it");
        }
        return plan.orElseThrow(
                () ->
                        config.refuse(
                                PLAN,
                                "no plan has this name",
                                "known plans: " + String.join(", ", Plans.names())));
    }

    private static float guidance(Config config) {
        return (float) config.number(GUIDANCE);
    }

    /**
     * What the note of a folder says, and else what the family wants.
     *
     * @throws FormatException if its guidance is less than none
     */
    public Family.Defaults over(Family.Defaults family, ModelFolder folder) {
        float off = family.form().off();
        if (guidance != null && guidance < off) {
            String none = Integer.toString(Math.round(off));
            throw new FormatException(
                    folder.path().resolve(FILE),
                    GUIDANCE,
                    "must be at least " + none + " (" + none + " turns it off), got " + guidance,
                    "correct it");
        }
        return new Family.Defaults(
                plan == null ? family.plan() : plan,
                guidance == null ? family.guidance() : guidance,
                family.form(),
                negative == null ? family.negative() : negative,
                family.rescale(),
                family.embeddedGuidance());
    }
}
