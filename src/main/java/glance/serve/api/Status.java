package glance.serve.api;

import glance.Glance;
import glance.Picture;
import glance.api.MemoryStats;
import glance.serve.http.Exchange;
import glance.serve.http.Routes;
import glance.serve.job.JobRecord;
import glance.serve.job.JobState;
import glance.serve.job.JobWatcher;
import glance.serve.job.Jobs;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;

/** How the server is: {@code /healthz} for supervisors, {@code /metrics} for Prometheus. */
public final class Status implements JobWatcher {
    private final Jobs jobs;
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Counter pictures =
            Counter.builder().name("glance_pictures").help("Pictures drawn.").register(registry);
    private final Counter over =
            Counter.builder()
                    .name("glance_jobs")
                    .help("Jobs that are over.")
                    .labelNames("state")
                    .register(registry);
    private final Counter together =
            Counter.builder()
                    .name("glance_shared_jobs")
                    .help("Jobs whose forward passes were shared, by how many jobs shared them.")
                    .labelNames("jobs")
                    .register(registry);
    private final Counter refused =
            Counter.builder()
                    .name("glance_refused_requests")
                    .help("Requests that were refused.")
                    .labelNames("code")
                    .register(registry);
    private final Histogram jobSeconds =
            Histogram.builder()
                    .name("glance_job_seconds")
                    .help("Time of a job that was drawn, without waiting.")
                    .classicOnly()
                    .classicExponentialUpperBounds(0.05, 2, 16)
                    .register(registry);
    private final Histogram pictureSeconds =
            Histogram.builder()
                    .name("glance_picture_seconds")
                    .help("Time of a picture: that of its job by its pictures.")
                    .classicOnly()
                    .classicExponentialUpperBounds(0.05, 2, 16)
                    .register(registry);
    private final Histogram stepSeconds =
            Histogram.builder()
                    .name("glance_step_seconds")
                    .help("Time of a denoising step.")
                    .classicOnly()
                    .classicExponentialUpperBounds(0.005, 2, 16)
                    .register(registry);

    public Status(Glance glance, Jobs jobs) {
        this.jobs = jobs;
        GaugeWithCallback.builder()
                .name("glance_queue_jobs")
                .help("Jobs that wait.")
                .callback(set -> set.call(jobs.waiting()))
                .register(registry);
        GaugeWithCallback.builder()
                .name("glance_memory_bytes")
                .help("Memory of the device by part, and of the Java heap.")
                .labelNames("part")
                .callback(
                        set -> {
                            MemoryStats memory = glance.memory();
                            set.call(memory.weightBytes(), "weights");
                            set.call(memory.scratchBytes(), "activations");
                            set.call(memory.pooledBytes(), "pool");
                            Runtime java = Runtime.getRuntime();
                            set.call(java.totalMemory() - java.freeMemory(), "heap");
                        })
                .register(registry);
        jobs.watch(this);
    }

    /** Adds its addresses. */
    public void addTo(Routes routes) {
        routes.add("GET", "/healthz", this::health).add("GET", "/metrics", this::metrics);
    }

    /** Counts a request that was refused. */
    public void refused(String code) {
        refused.labelValues(code).inc();
    }

    @Override
    public void changed(JobRecord job) {
        if (job.state().isFinal()) {
            over.labelValues(job.state().text()).inc();
            if (job.state() == JobState.DONE) {
                jobSeconds.observe(job.seconds());
                pictureSeconds.observe(job.seconds() / Math.max(1, job.pictures().size()));
            }
        }
    }

    @Override
    public void step(double seconds) {
        if (seconds > 0) {
            stepSeconds.observe(seconds); // others were known before
        }
    }

    @Override
    public void together(int shared) {
        together.labelValues(Integer.toString(shared)).inc();
    }

    @Override
    public void picture(JobRecord job, int index, Picture picture, byte[] png) {
        pictures.inc();
    }

    private void health(Exchange exchange) throws IOException {
        boolean alive = jobs.isAlive();
        exchange.answer(
                alive ? 200 : 503,
                Map.of(
                        "status",
                        alive ? "ok" : "draws no more",
                        "waiting",
                        jobs.waiting(),
                        "drawing",
                        !jobs.running().isEmpty()));
    }

    private void metrics(Exchange exchange) throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();
        writer.write(text, registry.scrape());
        exchange.answer(200, writer.getContentType(), text.toByteArray());
    }
}
