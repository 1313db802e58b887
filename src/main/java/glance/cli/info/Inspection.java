package glance.cli.info;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import glance.api.adapter.AdapterInfo;
import glance.api.adapter.WeightsSummary;
import glance.hub.Look;
import glance.pipeline.MemoryForecast;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What a path turned out to hold. The component names are the keys of {@code info --json}. */
public sealed interface Inspection {
    /** What it is: model, component, adapter, weights, checkpoint, picture, folder and so on. */
    String kind();

    /** Where it is. */
    String path();

    /**
     * A model folder.
     *
     * @param pipeline class of the pipeline
     * @param variant which of several models that look alike, and what says so; null if nothing
     *     does
     * @param components its parts
     * @param problem why it cannot be run, or null if it can
     * @param defaults what a run uses where the user does not choose; null if it cannot be run
     * @param device what the forecast is for
     * @param runMemory forecast of a run, or null if the model cannot be run
     */
    record Model(
            String kind,
            String path,
            String pipeline,
            String variant,
            List<Component> components,
            String problem,
            Defaults defaults,
            String device,
            MemoryForecast runMemory)
            implements Inspection {}

    /**
     * Settings of a model's family.
     *
     * @param plan its steps
     * @param size width and height
     * @param guidance strength of guidance
     * @param guidanceOff the strength that turns it off
     * @param embeddedGuidance scale shown to the model, 0 if it takes none
     * @param negative negative prompt
     */
    record Defaults(
            String plan,
            String size,
            float guidance,
            float guidanceOff,
            float embeddedGuidance,
            String negative) {}

    /**
     * A part of a model.
     *
     * @param name its folder
     * @param className its class
     * @param holds what its names and shapes say that it is, or null if they say nothing
     * @param problem why its weights cannot be used, or null if they can or there are none
     * @param weights its tensors, or null for a part without any, such as a tokenizer
     */
    record Component(
            String kind,
            String path,
            String name,
            String className,
            String holds,
            String problem,
            WeightsSummary weights)
            implements Inspection {}

    /** A model or adapter of the hub that is not wholly in the cache. */
    record OnHub(String kind, String path, @JsonUnwrapped Look look) implements Inspection {
        static OnHub of(Look look) {
            return new OnHub(look.model() ? "hub model" : "hub adapter", look.name(), look);
        }
    }

    /** A LoRA; what it holds is beside kind and path. */
    record Adapter(String kind, String path, @JsonUnwrapped AdapterInfo info)
            implements Inspection {
        public static Adapter of(Path path, AdapterInfo info) {
            return new Adapter("adapter", path.toString(), info);
        }
    }

    /**
     * A PNG.
     *
     * @param text its text chunks; the settings, if the engine made it
     */
    record Picture(String kind, String path, int width, int height, Map<String, String> text)
            implements Inspection {}

    /**
     * Any other safetensors file, or one in GGUF; of kind checkpoint if a training run can go on
     * from it.
     *
     * @param holds the parts of models that it holds, or null if it has none that is known
     * @param problem why a model cannot use these weights, or null if nothing speaks against it
     * @param weights its tensors
     * @param metadata the strings of the header
     */
    record Tensors(
            String kind,
            String path,
            String holds,
            String problem,
            WeightsSummary weights,
            Map<String, String> metadata)
            implements Inspection {}

    /**
     * A file of text: a plan, prompts, a config.
     *
     * @param what it holds, in words
     */
    record Text(String kind, String path, String what) implements Inspection {}

    /**
     * A folder of files of weights that make no model, such as training leaves.
     *
     * @param problem why they make no model, though they look like parts of one; else null
     * @param files what each holds in words, by name
     */
    record Folder(String kind, String path, String problem, Map<String, String> files)
            implements Inspection {}
}
