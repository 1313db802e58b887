package glance.train;

import glance.api.AdamWSettings;
import glance.io.ModelFolder;
import glance.lora.PhaseNote;
import glance.pipeline.ModelKey;
import glance.schedule.Seeds;
import glance.tensor.DType;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Everything that the bits of a run depend on, by name, in words. The number of steps is not among
 * it: a finished run may go on. Gradient checkpointing is not, since it changes no result.
 */
public final class RunIdentity {
    private RunIdentity() {}

    /** The identity of one phase's run. */
    public static Map<String, String> of(
            ModelFolder model,
            ExampleSet examples,
            PhaseNote note,
            TrainingSettings settings,
            int maxPromptTokens,
            float embeddedGuidance,
            DType computeType) {
        Map<String, String> words = new LinkedHashMap<>();
        words.put("model", ModelKey.whole(model));
        words.put("pictures or captions", examples.fingerprint());
        examples.references().ifPresent(seen -> words.put("references", seen));
        words.put("phase", note.entries().toString());
        words.put("targets", String.join(" ", settings.targets()));
        words.put("rank", Integer.toString(settings.rank()));
        words.put("alpha", Float.toString(settings.alpha()));
        words.put("learning rate", Float.toString(settings.learningRate()));
        words.put("warm-up steps", Integer.toString(settings.warmupSteps()));
        words.put("accumulation", Integer.toString(settings.accumulation()));
        words.put("caption dropout", Float.toString(settings.captionDropout()));
        words.put("max grad norm", Float.toString(settings.maxGradNorm()));
        AdamWSettings adam = settings.optimizer();
        words.put("optimizer", adam.toString());
        words.put("seed", Seeds.text(settings.seed()));
        words.put("max prompt tokens", Integer.toString(maxPromptTokens));
        words.put("embedded guidance", Float.toString(embeddedGuidance));
        words.put("dtype", computeType.toString());
        return words;
    }
}
