package glance.serve.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.io.Json;
import glance.serve.http.Exchange;
import glance.serve.http.Form;
import glance.serve.http.HttpProblem;
import glance.serve.http.Routes;
import glance.serve.job.Job;
import glance.serve.job.JobFolder;
import glance.serve.job.JobRequest;
import glance.serve.job.JobState;
import glance.serve.job.Jobs;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Pictures that nobody waits for: a job is taken, and asked for later. Jobs that wait, and those
 * that are over, are there again after a restart.
 *
 * <pre>
 * POST   /v1/jobs                  a {@link JobRequest}, or a form of its fields; 202 and the job
 * GET    /v1/jobs?limit=N          the newest jobs; {@code before=ID} those before one
 * GET    /v1/jobs/ID               one
 * GET    /v1/jobs/ID/events        server-sent events until it is over; {@code previews=N} or all
 * GET    /v1/jobs/ID/result        its first picture; {@code picture=N} another, counted from 0
 * POST   /v1/jobs/ID/cancel        ends it
 * DELETE /v1/jobs/ID               forgets it and its pictures
 * GET    /v1/events                events of all jobs
 * GET    /v1/pictures/FILE         a picture by the name of its file, drawn or brought
 * </pre>
 */
public final class JobsApi {
    private static final int DEFAULT_LIMIT = 50;

    /** A job says that it is done a moment before its file does. */
    private static final long KEPT_MILLIS = 10_000;

    private static final Form FORM =
            new Form(
                    Set.of("references", "init", "mask"),
                    Set.of("references"),
                    Set.of("plan", "lora"));
    private static final Map<String, String> TYPES =
            Map.of("png", "image/png", "jpg", "image/jpeg", "webp", "image/webp");

    private final Jobs jobs;
    private final Uploads uploads;
    private final JobFolder folder;

    public JobsApi(Jobs jobs, Uploads uploads, JobFolder folder) {
        this.jobs = jobs;
        this.uploads = uploads;
        this.folder = folder;
    }

    /** Adds its addresses. */
    public void addTo(Routes routes) {
        routes.add("POST", "/v1/jobs", this::submit)
                .add("GET", "/v1/jobs", this::list)
                .add("GET", "/v1/jobs/{id}", e -> e.answer(200, jobs.record(job(e))))
                .add("GET", "/v1/jobs/{id}/events", this::events)
                .add("GET", "/v1/jobs/{id}/result", this::result)
                .add("POST", "/v1/jobs/{id}/cancel", this::cancel)
                .add("DELETE", "/v1/jobs/{id}", this::delete)
                .add("GET", "/v1/events", this::allEvents)
                .add("GET", "/v1/pictures/{file}", this::picture);
    }

    private Job job(Exchange exchange) {
        String id = exchange.path("id");
        return jobs.find(id).orElseThrow(() -> HttpProblem.notFound("there is no job " + id));
    }

    private void submit(Exchange exchange) throws Exception {
        Job job =
                uploads.take(
                        exchange,
                        false,
                        () -> jobs.submit(read(exchange.withPictures(FORM)), false));
        exchange.put("Location", "/v1/jobs/" + job.id());
        exchange.answer(202, jobs.record(job));
    }

    private static JobRequest read(ObjectNode body) {
        try {
            return Json.MAPPER.treeToValue(body, JobRequest.class);
        } catch (UnrecognizedPropertyException e) {
            throw HttpProblem.invalid(
                    e.getPropertyName(),
                    "is no key here; known are "
                            + e.getKnownPropertyIds().stream()
                                    .map(Object::toString)
                                    .sorted()
                                    .collect(Collectors.joining(", ")));
        } catch (JsonMappingException e) {
            String key =
                    e.getPath().stream()
                            .map(r -> r.getFieldName() == null ? "" : r.getFieldName())
                            .filter(name -> !name.isEmpty())
                            .collect(Collectors.joining("."));
            throw HttpProblem.invalid(key.isEmpty() ? "body" : key, "has no value of this kind");
        } catch (JsonProcessingException e) {
            throw HttpProblem.invalid(e.getOriginalMessage());
        }
    }

    private void list(Exchange exchange) throws IOException {
        int limit = number(exchange, "limit", DEFAULT_LIMIT, 1, Jobs.REMEMBERED);
        String before = exchange.query("before");
        List<Job> all = jobs.recent();
        List<Job> older =
                before == null
                        ? all
                        : all.stream().filter(job -> job.id().compareTo(before) < 0).toList();
        exchange.answer(
                200,
                Map.of(
                        "object",
                        "list",
                        "data",
                        older.stream().limit(limit).map(jobs::record).toList(),
                        "has_more",
                        older.size() > limit));
    }

    private static int number(Exchange exchange, String name, int usual, int least, int most) {
        String text = exchange.query(name);
        try {
            int value = text == null ? usual : Integer.parseInt(text);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // refused below
        }
        throw HttpProblem.invalid(name, "must be a whole number from " + least + " to " + most);
    }

    private static News news(Exchange exchange) {
        return new News(
                "all".equals(exchange.query("previews"))
                        ? -1
                        : number(exchange, "previews", 0, 0, 100));
    }

    private void events(Exchange exchange) throws Exception {
        Job job = job(exchange);
        News news = news(exchange);
        job.watch(news);
        news.changed(jobs.record(job));
        try {
            news.tell(exchange, job::isOver);
        } finally {
            job.unwatch(news);
        }
    }

    private void allEvents(Exchange exchange) throws Exception {
        News news = news(exchange);
        jobs.watch(news);
        jobs.recent().stream()
                .filter(job -> !job.isOver())
                .forEach(job -> news.changed(jobs.record(job)));
        try {
            news.tell(exchange, () -> false);
        } finally {
            jobs.unwatch(news);
        }
    }

    private void result(Exchange exchange) throws IOException {
        Job job = job(exchange);
        int index = number(exchange, "picture", 0, 0, JobRequest.MAX_PICTURES - 1);
        var pictures = job.record().pictures();
        if (index >= pictures.size()) {
            throw HttpProblem.notFound(
                    job.state() == JobState.DONE
                            ? "the job has " + pictures.size() + " pictures"
                            : "the job is " + job.state().text() + "; there is no picture yet");
        }
        picture(exchange, pictures.get(index).file());
    }

    private void picture(Exchange exchange) throws IOException {
        picture(exchange, exchange.path("file"));
    }

    private void picture(Exchange exchange, String file) throws IOException {
        byte[] bytes =
                folder.picture(file)
                        .orElseThrow(() -> HttpProblem.notFound("there is no picture " + file));
        // a picture never changes, and its name is its own
        exchange.put("Cache-Control", "private, max-age=31536000, immutable");
        exchange.answer(200, TYPES.get(file.substring(file.lastIndexOf('.') + 1)), bytes);
    }

    private void cancel(Exchange exchange) throws IOException {
        Job job = job(exchange);
        jobs.cancel(job);
        exchange.answer(200, jobs.record(job));
    }

    private void delete(Exchange exchange) throws Exception {
        Job job = job(exchange);
        if (job.state().isFinal()) {
            job.await(KEPT_MILLIS);
        }
        jobs.delete(job);
        exchange.answer(200, Map.of("id", job.id(), "deleted", true));
    }
}
