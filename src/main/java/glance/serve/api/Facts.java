package glance.serve.api;

import glance.Glance;
import glance.Model;
import glance.api.Init;
import glance.api.Lora;
import glance.api.Plan;
import glance.api.Plans;
import glance.api.Request;
import glance.serve.job.AdapterFolder;
import glance.serve.job.JobRequest;
import glance.text.EngineVersion;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What clients may want to know before they ask for a picture. */
public final class Facts {
    private final Glance glance;
    private final Model model;
    private final AdapterFolder adapters;
    private final Request defaults;
    private final long startedSeconds = System.currentTimeMillis() / 1000;

    public Facts(Glance glance, Model model, AdapterFolder adapters) {
        this.glance = glance;
        this.model = model;
        this.adapters = adapters;
        this.defaults = model.complete(Request.of("0").seed(0));
    }

    /** What the model is called. */
    String modelName() {
        String name = model.name();
        String[] parts = name.replace('\\', '/').split("/");
        return parts.length == 0 || name.contains("//") ? name : parts[parts.length - 1];
    }

    long startedSeconds() {
        return startedSeconds;
    }

    /** Whether the model takes a scale of guidance as an input, as FLUX.1-dev does. */
    boolean takesGuidance() {
        return defaults.embeddedGuidance().orElse(0f) > 0;
    }

    /** The strength of guidance that is none. */
    float guidanceOff() {
        return model.guidanceOff();
    }

    /** What a request has where it does not say. */
    Request defaults() {
        return defaults;
    }

    /** Whether the model looks at pictures, and so edits them. */
    boolean looksAtPictures() {
        return model.maxReferences() > 0;
    }

    /** The adapters that requests may name. */
    AdapterFolder adapters() {
        return adapters;
    }

    /** For the page. */
    Map<String, Object> all() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("model", modelName());
        facts.put("family", model.family());
        facts.put("device", glance.device());
        facts.put("version", EngineVersion.software());
        facts.put("size", defaults.size().orElseThrow().toString());
        facts.put("guidance", defaults.guidance().orElseThrow());
        facts.put("guidance_off", guidanceOff());
        facts.put("embedded_guidance", takesGuidance() ? defaults.embeddedGuidance().get() : null);
        facts.put("negative_prompt", defaults.negative().orElse(""));
        facts.put("plan", plan(defaults.plan().orElseThrow()));
        facts.put("plans", plans().stream().map(this::plan).toList());
        facts.put("init", true);
        facts.put("init_strength", Init.STRENGTH);
        facts.put("references", Math.min(model.maxReferences(), JobRequest.MAX_REFERENCES));
        facts.put("adapters", adapters.names());
        return facts;
    }

    /** Those with names, the model's own first. */
    List<Plan> plans() {
        Plan own = defaults.plan().orElseThrow();
        List<Plan> plans = new ArrayList<>(List.of(own));
        for (String name : Plans.names()) {
            // uniform-N is any number of steps
            if (!name.endsWith("-N") && !name.equals(own.name())) {
                plans.add(Plans.of(name));
            }
        }
        return plans;
    }

    /** Adapters that the model carries for a plan, which a request without adapters gets. */
    List<Lora> ownAdapters(Plan plan) {
        return model.complete(Request.of("0").seed(0).plan(plan)).loras().orElse(List.of());
    }

    private Map<String, Object> plan(Plan plan) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("name", plan.name());
        facts.put("steps", plan.levels().count());
        facts.put("phases", plan.phases());
        facts.put("guidance", plan.advice().guidance());
        facts.put("embedded_guidance", plan.advice().embeddedGuidance());
        facts.put("own_adapters", !ownAdapters(plan).isEmpty());
        return facts;
    }
}
