package glance.serve.api;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import glance.Picture;
import glance.io.Json;
import glance.serve.http.EventStream;
import glance.serve.http.Exchange;
import glance.serve.http.HttpProblem;
import glance.serve.http.Routes;
import glance.serve.job.Job;
import glance.serve.job.JobRecord;
import glance.serve.job.JobRequest;
import glance.serve.job.JobState;
import glance.serve.job.JobWatcher;
import glance.serve.job.Jobs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The images of OpenAI's API: {@code /v1/images/generations}, {@code /v1/images/edits}, {@code
 * /v1/models}. Beside its own names, requests may have those that other servers use ({@code seed},
 * {@code negative_prompt}, {@code num_inference_steps}, {@code guidance_scale}, {@code
 * true_cfg_scale}), and {@code plan} and {@code lora}; an edit also {@code strength}, {@code
 * extend} and {@code paste}. A field of no meaning here is ignored, since clients send many.
 */
public final class OpenAi {
    private static final int MAX_PARTIAL = 3;
    private static final int DEFAULT_QUALITY = 95;
    private static final int MAX_STEPS = 1000;
    private static final long LOOK_MILLIS = 100;

    private final Jobs jobs;
    private final Uploads uploads;
    private final Facts facts;

    public OpenAi(Jobs jobs, Uploads uploads, Facts facts) {
        this.jobs = jobs;
        this.uploads = uploads;
        this.facts = facts;
    }

    /** Adds its addresses. */
    public void addTo(Routes routes) {
        routes.add("POST", "/v1/images/generations", this::generate)
                .add("POST", "/v1/images/edits", this::edit)
                .add("GET", "/v1/models", this::models)
                .add("GET", "/v1/models/{id}", exchange -> exchange.answer(200, model()));
    }

    private void models(Exchange exchange) throws IOException {
        exchange.answer(200, Map.of("object", "list", "data", List.of(model())));
    }

    /** Any name of a model is taken; this is its own. */
    private Map<String, Object> model() {
        return Map.of(
                "id",
                facts.modelName(),
                "object",
                "model",
                "created",
                facts.startedSeconds(),
                "owned_by",
                "glance-engine");
    }

    private void generate(Exchange exchange) throws Exception {
        Body body = new Body(exchange.json());
        answer(exchange, taken(body, asked(body), ClientKeys.SAME, "image_generation"));
    }

    private void edit(Exchange exchange) throws Exception {
        answer(
                exchange,
                uploads.take(
                        exchange,
                        true,
                        () -> {
                            Body body = new Body(exchange.withPictures(Edits.FORM));
                            Edits edits = new Edits(jobs, facts.looksAtPictures());
                            JobRequest asked = edits.of(asked(body), body);
                            return taken(body, asked, Edits.keys(asked), "image_edit");
                        }));
    }

    /**
     * A job that was taken, and how its client hears of it. Nothing of the request's body is in it,
     * since a job may wait for long and pictures are large.
     *
     * @param url whether an answer names the files
     * @param finished the pictures of an answer; null if it is a stream
     * @param news of a stream, else null
     */
    private record Taken(Job job, boolean url, Finished finished, BlockingQueue<Event> news) {}

    /**
     * @param keys of its pictures
     * @param kind what the names of its events begin with
     */
    private Taken taken(Body body, JobRequest asked, ClientKeys keys, String kind) {
        Format format = Format.of(body);
        Integer partial = body.integer("partial_images", 0, MAX_PARTIAL);
        boolean url = "url".equals(body.text("response_format"));
        if (body.flag("stream")) {
            BlockingQueue<Event> news = new LinkedBlockingQueue<>();
            JobWatcher watcher = streaming(kind, format, partial == null ? 0 : partial, news);
            return new Taken(keys.in(() -> jobs.submit(asked, true, watcher)), url, null, news);
        }
        Finished finished = new Finished(format::file);
        return new Taken(keys.in(() -> jobs.submit(asked, true, finished)), url, finished, null);
    }

    private void answer(Exchange exchange, Taken taken) throws Exception {
        if (taken.finished() == null) {
            stream(exchange, taken.job(), taken.news());
            return;
        }
        exchange.willWait();
        Attendance.await(exchange, jobs, taken.job());
        exchange.answer(200, reply(exchange, taken));
    }

    private static Map<String, Object> reply(Exchange exchange, Taken taken) {
        JobRecord job = taken.job().record();
        List<String> files = taken.finished().files();
        List<Map<String, Object>> data = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            JobRecord.Picture picture = job.pictures().get(i);
            Map<String, Object> entry = new LinkedHashMap<>();
            if (taken.url() && picture.file() != null) {
                entry.put("url", exchange.base() + "/v1/pictures/" + picture.file());
            }
            entry.put("b64_json", files.get(i));
            entry.put("seed", picture.seed());
            data.add(entry);
        }
        Map<String, Object> reply = new LinkedHashMap<>();
        reply.put("created", job.created());
        reply.put("data", data);
        reply.put("size", size(job.pictures().get(0)));
        reply.put("job", job.id());
        return reply;
    }

    private static String size(JobRecord.Picture picture) {
        return picture.width() + "x" + picture.height();
    }

    private JobRequest asked(Body body) {
        String size = body.text("size");
        Float scale = body.number("guidance_scale");
        Float trueScale = body.number("true_cfg_scale");
        Float guidance = facts.takesGuidance() || trueScale != null ? trueScale : scale;
        return new JobRequest(
                body.prompt(),
                body.text("negative_prompt"),
                body.seed("seed"),
                body.integer("n", 1, JobRequest.MAX_PICTURES),
                "auto".equals(size) ? null : size,
                guidance,
                facts.takesGuidance() ? scale : null,
                plan(body),
                loras(body));
    }

    private static JsonNode plan(Body body) {
        JsonNode plan = body.value("plan");
        Integer steps = body.integer("num_inference_steps", 1, MAX_STEPS);
        if (plan != null && steps != null) {
            throw HttpProblem.invalid("plan", "and num_inference_steps: give one of them");
        }
        return steps == null ? plan : new TextNode("uniform-" + steps);
    }

    private static List<JobRequest.Adapter> loras(Body body) {
        JsonNode list = body.value("lora");
        if (list == null) {
            return null;
        }
        try {
            return Json.MAPPER.convertValue(list, new TypeReference<>() {});
        } catch (IllegalArgumentException e) {
            throw HttpProblem.invalid(
                    "lora", "must be a list of {\"file\": NAME, \"scale\": ..., \"steps\": ...}");
        }
    }

    /** One thing that a stream tells. */
    private record Event(String name, ObjectNode value) {}

    private void stream(Exchange exchange, Job job, BlockingQueue<Event> news) throws Exception {
        try (EventStream events = exchange.events()) {
            events.beat();
            for (boolean over = false; !over || !news.isEmpty(); ) {
                over = job.isOver();
                Event event = news.poll(over ? 0 : LOOK_MILLIS, TimeUnit.MILLISECONDS);
                if (event != null) {
                    events.send(event.name(), event.value());
                } else if (!over) {
                    Attendance.requireClient(exchange, jobs, job);
                    events.beatIfSilent();
                }
            }
            if (job.state() != JobState.DONE) {
                String reason = job.record().error();
                ObjectNode error = Json.MAPPER.createObjectNode().put("type", "error");
                error.putObject("error")
                        .put("message", reason == null ? "the picture was cancelled" : reason);
                events.send("error", error);
            }
        } catch (IOException e) {
            jobs.cancel(job);
            throw e;
        }
    }

    private static JobWatcher streaming(
            String kind, Format format, int partial, BlockingQueue<Event> news) {
        String shownNow = kind + ".partial_image";
        String completed = kind + ".completed";
        return new JobWatcher() {
            private int shown;

            @Override
            public void changed(JobRecord job) {}

            @Override
            public boolean wantsPreview(int step, int steps) {
                return PartialSteps.isOne(step, steps, partial);
            }

            @Override
            public void preview(JobRecord job, List<byte[]> pngs) {
                ObjectNode value =
                        event(shownNow, job, format.name())
                                .put("partial_image_index", shown++)
                                .put("b64_json", Base64.getEncoder().encodeToString(pngs.get(0)));
                news.add(new Event(shownNow, value));
            }

            @Override
            public void picture(JobRecord job, int index, Picture picture, byte[] png) {
                ObjectNode value =
                        event(completed, job, format.name())
                                .put(
                                        "b64_json",
                                        Base64.getEncoder()
                                                .encodeToString(format.file(picture, png)));
                value.put("size", picture.image().getWidth() + "x" + picture.image().getHeight());
                value.putPOJO("seed", job.pictures().get(index).seed());
                value.putObject("usage")
                        .put("input_tokens", 0)
                        .put("output_tokens", 0)
                        .put("total_tokens", 0)
                        .putObject("input_tokens_details")
                        .put("image_tokens", 0)
                        .put("text_tokens", 0);
                news.add(new Event(completed, value));
            }
        };
    }

    private static ObjectNode event(String type, JobRecord job, String format) {
        return Json.MAPPER
                .createObjectNode()
                .put("type", type)
                .put("created_at", job.created())
                .put("background", "opaque")
                .put("output_format", format)
                .put("quality", "auto")
                .put("size", "auto");
    }

    /**
     * The form of the files.
     *
     * @param name png or jpeg
     * @param quality of a jpeg, 1 to 100
     */
    private record Format(String name, int quality) {
        static Format of(Body body) {
            String name = body.text("output_format");
            if (name != null && !name.equals("png") && !name.equals("jpeg")) {
                throw HttpProblem.invalid("output_format", "must be png or jpeg");
            }
            String response = body.text("response_format");
            if (response != null && !response.equals("url") && !response.equals("b64_json")) {
                throw HttpProblem.invalid("response_format", "must be b64_json or url");
            }
            Integer quality = body.integer("output_compression", 0, 100);
            return new Format(
                    name == null ? "png" : name,
                    quality == null ? DEFAULT_QUALITY : Math.max(1, quality));
        }

        byte[] file(Picture picture, byte[] png) {
            return name.equals("png") ? png : picture.jpeg(quality);
        }
    }
}
