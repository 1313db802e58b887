package glance.serve.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import glance.api.Plan;
import glance.api.Plans;
import glance.io.Json;
import glance.serve.http.Exchange;
import glance.serve.http.HttpProblem;
import glance.serve.http.Routes;
import glance.serve.job.Job;
import glance.serve.job.JobRecord;
import glance.serve.job.JobRequest;
import glance.serve.job.Jobs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of AUTOMATIC1111's API that Open WebUI and SillyTavern use. Its schedulers are our
 * plans; {@code <lora:NAME:STRENGTH>} in a prompt names an adapter.
 */
public final class StableDiffusion {
    private static final Pattern LORA = Pattern.compile("<lora:([^:<>]+)(?::([^:<>]*))?>");
    private static final String SAMPLER = "Euler";
    private static final int MAX_STEPS = 1000;
    private static final int MAX_SIDE = 8192;

    private final Jobs jobs;
    private final Uploads uploads;
    private final Facts facts;
    private final Set<String> own = ConcurrentHashMap.newKeySet();

    public StableDiffusion(Jobs jobs, Uploads uploads, Facts facts) {
        this.jobs = jobs;
        this.uploads = uploads;
        this.facts = facts;
    }

    /** Adds its addresses. */
    public void addTo(Routes routes) {
        routes.add("POST", "/sdapi/v1/txt2img", this::draw)
                .add("POST", "/sdapi/v1/img2img", this::edit)
                .add("GET", "/sdapi/v1/options", e -> e.answer(200, options()))
                .add("POST", "/sdapi/v1/options", this::setOptions)
                .add("GET", "/sdapi/v1/samplers", e -> e.answer(200, samplers()))
                .add("GET", "/sdapi/v1/schedulers", e -> e.answer(200, schedulers()))
                .add("GET", "/sdapi/v1/sd-models", e -> e.answer(200, models()))
                .add("GET", "/sdapi/v1/loras", e -> e.answer(200, loras()))
                .add("GET", "/sdapi/v1/progress", this::progress)
                .add("POST", "/sdapi/v1/interrupt", this::interrupt)
                .add("POST", "/sdapi/v1/skip", this::interrupt)
                .add("GET", "/sdapi/v1/memory", e -> e.answer(200, Map.of()));
        for (String none :
                List.of(
                        "upscalers",
                        "latent-upscale-modes",
                        "sd-vae",
                        "sd-modules",
                        "hypernetworks",
                        "prompt-styles",
                        "scripts",
                        "refresh-checkpoints",
                        "refresh-loras")) {
            String method = none.startsWith("refresh") ? "POST" : "GET";
            routes.add(method, "/sdapi/v1/" + none, e -> e.answer(200, List.of()));
        }
        routes.add("GET", "/sdapi/v1/embeddings", e -> e.answer(200, Map.of("loaded", Map.of())));
    }

    private void draw(Exchange exchange) throws Exception {
        ObjectNode root = exchange.json();
        answer(exchange, taken(root, asked(new Body(root)), List.of()));
    }

    private void edit(Exchange exchange) throws Exception {
        answer(
                exchange,
                uploads.take(
                        exchange,
                        true,
                        () -> {
                            ObjectNode root = exchange.withPictures(ImageToImage.FORM);
                            ImageToImage edit = new ImageToImage(jobs, new Body(root));
                            JobRequest asked = edit.of(asked(new Body(root)));
                            List<String> ignored = edit.ignored();
                            // as there, what the client has is not sent back
                            root.remove(ImageToImage.PICTURES);
                            return taken(root, asked, ignored);
                        }));
    }

    /**
     * A job that was taken. No pictures are in it, since a job may wait for long and they are
     * large.
     *
     * @param parameters the request as it is sent back
     * @param ignored values of the request that have no meaning here
     */
    private record Taken(Job job, Finished finished, ObjectNode parameters, List<String> ignored) {}

    private Taken taken(ObjectNode root, JobRequest asked, List<String> ignored) {
        Finished finished = new Finished((picture, png) -> png);
        Job job = ImageToImage.KEYS.in(() -> jobs.submit(asked, true, finished));
        return new Taken(job, finished, root, ignored);
    }

    private void answer(Exchange exchange, Taken taken) throws Exception {
        Job job = taken.job();
        exchange.willWait();
        own.add(job.id());
        try {
            Attendance.await(exchange, jobs, job);
        } finally {
            own.remove(job.id());
        }
        Map<String, Object> reply = new LinkedHashMap<>();
        reply.put("images", taken.finished().files());
        reply.put("parameters", taken.parameters());
        reply.put("info", info(job.record(), taken.ignored()));
        exchange.answer(200, reply);
    }

    /** Clients read it as JSON within a text. */
    private String info(JobRecord job, List<String> ignored) {
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("prompt", job.request().prompt());
        info.put("negative_prompt", job.request().negativePrompt());
        info.put("seed", job.request().seed());
        info.put("all_seeds", job.pictures().stream().map(JobRecord.Picture::seed).toList());
        info.put("width", job.pictures().get(0).width());
        info.put("height", job.pictures().get(0).height());
        info.put("sampler_name", SAMPLER);
        info.put("steps", job.steps());
        info.put("batch_size", job.pictures().size());
        info.put("sd_model_name", facts.modelName());
        info.put("job", job.id());
        info.put("ignored", ignored);
        try {
            return Json.MAPPER.writeValueAsString(info);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("these are always JSON", e);
        }
    }

    private JobRequest asked(Body body) {
        String prompt = body.prompt();
        List<JobRequest.Adapter> adapters = new ArrayList<>();
        Matcher named = LORA.matcher(prompt);
        while (named.find()) {
            adapters.add(new JobRequest.Adapter(named.group(1), named.group(2), null));
        }
        Integer width = body.integer("width", 1, MAX_SIDE);
        Integer height = body.integer("height", 1, MAX_SIDE);
        if ((width == null) != (height == null)) {
            throw HttpProblem.invalid("width", "and height: give both or none");
        }
        Integer batch = body.integer("batch_size", 1, JobRequest.MAX_PICTURES);
        Integer rounds = body.integer("n_iter", 1, JobRequest.MAX_PICTURES);
        Float scale = body.number("cfg_scale");
        Float embedded = body.number("distilled_cfg_scale");
        return new JobRequest(
                LORA.matcher(prompt).replaceAll("").strip(),
                body.text("negative_prompt"),
                body.seed("seed"),
                (batch == null ? 1 : batch) * (rounds == null ? 1 : rounds),
                width == null ? null : width + "x" + height,
                scale == null ? null : Math.max(1, scale),
                embedded,
                plan(body),
                adapters.isEmpty() ? null : adapters);
    }

    /** A scheduler that is one of our plans decides the steps; else their number does. */
    private static JsonNode plan(Body body) {
        String scheduler = body.text("scheduler");
        Integer steps = body.integer("steps", 1, MAX_STEPS);
        if (scheduler != null && isPlan(scheduler)) {
            return new TextNode(scheduler);
        }
        return steps == null ? null : new TextNode("uniform-" + steps);
    }

    private static boolean isPlan(String name) {
        return Plans.names().contains(name);
    }

    private Map<String, Object> options() {
        return Map.of(
                "sd_model_checkpoint",
                facts.modelName(),
                "samples_format",
                "png",
                "sd_checkpoint_hash",
                "");
    }

    /** Another model is not loaded; clients only want to hear that all went well. */
    private void setOptions(Exchange exchange) throws IOException {
        exchange.json();
        exchange.answer(200, Map.of());
    }

    private static List<Map<String, Object>> samplers() {
        return List.of(Map.of("name", SAMPLER, "aliases", List.of("euler"), "options", Map.of()));
    }

    private List<Map<String, Object>> schedulers() {
        List<Map<String, Object>> all = new ArrayList<>();
        all.add(scheduler("automatic", "Automatic (as many steps as are asked for)"));
        for (Plan plan : facts.plans()) {
            int steps = plan.levels().count();
            all.add(scheduler(plan.name(), "plan " + plan.name() + " (" + steps + " steps)"));
        }
        return all;
    }

    private static Map<String, Object> scheduler(String name, String label) {
        return Map.of(
                "name",
                name,
                "label",
                label,
                "aliases",
                List.of(),
                "default_rho",
                -1,
                "need_inner_model",
                false);
    }

    private List<Map<String, Object>> models() {
        String name = facts.modelName();
        return List.of(Map.of("title", name, "model_name", name, "filename", name));
    }

    private List<Map<String, Object>> loras() {
        return facts.adapters().names().stream()
                .map(
                        name -> {
                            String alias = name.replaceFirst("\\.safetensors$", "");
                            return Map.<String, Object>of(
                                    "name",
                                    alias,
                                    "alias",
                                    alias,
                                    "path",
                                    name,
                                    "metadata",
                                    Map.of());
                        })
                .toList();
    }

    private void progress(Exchange exchange) throws IOException {
        List<Job> running = jobs.running();
        JobRecord job = running.isEmpty() ? null : running.get(0).record();
        int count = jobs.waiting() + running.size();
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("skipped", false);
        state.put("interrupted", false);
        state.put("job", job == null ? "" : job.id());
        state.put("job_count", count);
        state.put("job_no", 0);
        state.put("sampling_step", job == null ? 0 : job.step());
        state.put("sampling_steps", job == null ? 0 : job.steps());
        Map<String, Object> reply = new LinkedHashMap<>();
        reply.put("progress", job == null ? 0 : job.step() / (double) Math.max(1, job.steps()));
        reply.put("eta_relative", job == null || job.secondsLeft() == null ? 0 : job.secondsLeft());
        reply.put("state", state);
        reply.put("current_image", null);
        reply.put("textinfo", job == null ? null : job.stage());
        exchange.answer(200, reply);
    }

    /** Ends the pictures of clients of this interface; those of others go on. */
    private void interrupt(Exchange exchange) throws IOException {
        jobs.running().stream().filter(job -> own.contains(job.id())).forEach(jobs::cancel);
        exchange.answer(200, Map.of());
    }
}
