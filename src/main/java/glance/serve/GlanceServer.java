package glance.serve;

import glance.Glance;
import glance.Model;
import glance.serve.api.Facts;
import glance.serve.api.JobsApi;
import glance.serve.api.OpenAi;
import glance.serve.api.PageApi;
import glance.serve.api.StableDiffusion;
import glance.serve.api.Status;
import glance.serve.api.Uploads;
import glance.serve.http.Front;
import glance.serve.http.Gate;
import glance.serve.http.HttpProblem;
import glance.serve.http.Routes;
import glance.serve.job.AdapterFolder;
import glance.serve.job.JobFolder;
import glance.serve.job.Jobs;
import glance.serve.job.Words;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One model over HTTP. It runs from its making until it is closed. */
public final class GlanceServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GlanceServer.class);

    private static final int MAX_HEADER_BYTES = 32 << 10;
    private static final int THREADS = 200;
    private static final long IDLE_MILLIS = 120_000;

    /** An answer is some megabytes, on a slow line. */
    private static final long LAST_ANSWERS_MILLIS = 60_000;

    private final JobFolder folder;
    private final Jobs jobs;
    private final Status status;
    private final Front front;
    private final Server server;
    private final ServerConnector connector;
    private final String host;

    /**
     * Starts serving.
     *
     * @param model loaded by {@code glance}; neither is closed with the server
     * @throws UncheckedIOException if the address is taken, or the folder cannot be written
     */
    public GlanceServer(Glance glance, Model model, ServeOptions options) {
        host = options.host();
        AdapterFolder adapters = new AdapterFolder(options.adapters());
        folder = new JobFolder(options.folder());
        Facts facts = new Facts(glance, model, adapters);
        Gate gate = new Gate(options.host(), options.names(), options.apiKey());
        jobs =
                new Jobs(
                        model,
                        folder,
                        adapters,
                        options.maxWaiting(),
                        options.batchOn(glance.device()),
                        options.largest());
        status = new Status(glance, jobs);
        Routes routes = new Routes();
        Uploads uploads = new Uploads(jobs);
        new OpenAi(jobs, uploads, facts).addTo(routes);
        new StableDiffusion(jobs, uploads, facts).addTo(routes);
        new JobsApi(jobs, uploads, folder).addTo(routes);
        new PageApi(facts, gate, folder.inputs()).addTo(routes);
        status.addTo(routes);

        QueuedThreadPool threads = new QueuedThreadPool(THREADS);
        threads.setName("http");
        threads.setDaemon(true);
        server = new Server(threads);
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        http.setRequestHeaderSize(MAX_HEADER_BYTES);
        connector = new ServerConnector(server, new HttpConnectionFactory(http));
        connector.setHost(options.host());
        connector.setPort(options.port());
        connector.setIdleTimeout(IDLE_MILLIS);
        server.addConnector(connector);
        front =
                new Front(
                        routes,
                        gate,
                        path -> path.equals("/healthz") || PageApi.isFree(path),
                        this::problem);
        server.setHandler(front);
        start(options);
    }

    private void start(ServeOptions options) {
        try {
            server.start();
            jobs.start();
        } catch (IOException e) {
            folder.close();
            throw new UncheckedIOException(
                    "cannot listen on "
                            + options.host()
                            + ":"
                            + options.port()
                            + " ("
                            + (e.getCause() == null ? e : e.getCause()).getMessage()
                            + "); choose another --port",
                    e);
        } catch (Exception e) {
            folder.close();
            throw new IllegalStateException("the server does not start: " + e.getMessage(), e);
        }
    }

    /** Where the page is. */
    public URI address() {
        String name = host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
        return URI.create("http://" + name + ":" + connector.getLocalPort() + "/");
    }

    /** The queue. */
    public Jobs jobs() {
        return jobs;
    }

    /**
     * Takes no more requests for pictures, finishes those whose clients wait, and leaves the other
     * jobs on disk. The answers have gone out when this returns.
     */
    public void drain() throws InterruptedException {
        jobs.drain();
        front.awaitAnswers(LAST_ANSWERS_MILLIS);
    }

    private HttpProblem problem(Throwable cause) {
        HttpProblem problem = words(cause);
        status.refused(problem.code());
        return problem;
    }

    private static HttpProblem words(Throwable cause) {
        if (cause instanceof HttpProblem problem) {
            return problem;
        }
        if (cause instanceof Jobs.FullException full) {
            return HttpProblem.busy(full.waiting(), full.seconds());
        }
        if (cause instanceof Jobs.StoppingException) {
            return HttpProblem.stopping();
        }
        if (cause instanceof EOFException) {
            return HttpProblem.invalid("the request is not complete");
        }
        if (Words.isOfRequest(cause)) {
            return HttpProblem.invalid(Words.of(cause));
        }
        LOG.warn("a request failed", cause);
        return HttpProblem.failed(Words.of(cause));
    }

    /** Ends the pictures that are drawn, and all connections. */
    @Override
    public void close() {
        jobs.close();
        try {
            server.stop();
        } catch (Exception e) {
            LOG.warn("the server did not stop cleanly", e);
        }
        folder.close();
    }
}
