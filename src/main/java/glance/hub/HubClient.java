package glance.hub;

import glance.text.EngineVersion;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLHandshakeException;

/**
 * Requests to the hub and to where it sends us. The token goes to the hub alone. What may pass,
 * such as a busy server or a broken connection, is tried again with waits that grow.
 */
final class HubClient {
    private static final int MAX_REDIRECTS = 10;
    private static final int MAX_DOUBLINGS = 5;
    private static final long MAX_WAIT_MILLIS = 300_000;
    private static final Duration CONNECT = Duration.ofSeconds(15);
    private static final long TICK_MILLIS = 100;

    private final HubSettings settings;
    private final HttpOrigin hub;
    private final String token;
    private final HttpClient http;

    /** Whether there was any answer: then a connection that fails may come back. */
    private volatile boolean answered;

    /** Bytes of a file, both ends included. */
    record Part(long first, long last) {}

    /** One try of a request. */
    @FunctionalInterface
    interface Try {
        Reply run() throws IOException, InterruptedException;
    }

    HubClient(HubSettings settings) {
        this.settings = settings;
        this.hub = HttpOrigin.of(settings.endpoint());
        this.token = settings.token();
        this.http =
                HttpClient.newBuilder()
                        // A connection for each request at a time: one alone is often throttled.
                        .version(HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .connectTimeout(CONNECT)
                        .proxy(new Proxies(ProxySelector.getDefault(), settings::environment))
                        .build();
    }

    HubSettings settings() {
        return settings;
    }

    boolean hasToken() {
        return token != null;
    }

    /** Whether an address is of the hub itself. */
    boolean isHub(URI uri) {
        return HttpOrigin.of(uri).equals(hub);
    }

    /**
     * Tries until there is an answer that will not change.
     *
     * @param progress grows while tries that fail still bring something: then they do not count
     * @throws HubException if too many tries in a row failed, or the hub cannot be reached at all
     */
    Reply persist(Try attempt, LongSupplier progress) throws IOException, InterruptedException {
        int failures = 0;
        long before = progress.getAsLong();
        while (true) {
            String problem;
            IOException cause = null;
            long wait = 0;
            try {
                Reply reply = attempt.run();
                answered = true;
                if (!reply.isForLater()) {
                    return reply;
                }
                problem = reply.uri().getHost() + " answers " + reply.status();
                wait = reply.retryAfterMillis();
            } catch (HubException e) {
                throw e;
            } catch (IOException e) {
                problem = describe(e);
                cause = e;
                if (!answered && isUnreachable(e)) {
                    throw new HubException(
                            settings.endpoint() + " cannot be reached (" + problem + ")", e, true);
                }
            }
            failures = progress.getAsLong() > before ? 1 : failures + 1;
            before = progress.getAsLong();
            if (failures >= Transfer.MAX_FAILURES || wait > MAX_WAIT_MILLIS) {
                throw new HubException(
                        problem
                                + (wait > MAX_WAIT_MILLIS
                                        ? " and wants " + wait / 1_000 + " s of rest"
                                        : ", " + failures + " times in a row")
                                + "; run it again later, it goes on from there",
                        cause);
            }
            long usual =
                    settings.transfer().firstWaitMillis() << Math.min(failures - 1, MAX_DOUBLINGS);
            Thread.sleep(Math.max(usual, wait));
        }
    }

    private static boolean isUnreachable(IOException e) {
        return e instanceof ConnectException || e instanceof HttpConnectTimeoutException;
    }

    private static String describe(IOException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException) {
                return "its name is not known here";
            }
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    /**
     * Sends a request once, and follows redirects.
     *
     * @param part which bytes to ask for, or null for all
     * @param far whether to follow redirects to others than who answers
     * @param into takes the content of a good answer; of any other it is dropped
     * @param received is told how many bytes came
     * @throws HubException if the redirects make no sense, or the content is another part or longer
     *     than the buffer
     */
    Reply send(
            String method,
            URI first,
            Part part,
            boolean far,
            ByteBuffer into,
            LongConsumer received)
            throws IOException, InterruptedException {
        URI uri = first;
        for (int i = 0; i < MAX_REDIRECTS; i++) {
            Reply reply = exchange(request(method, uri, part), part, into, received);
            if (!reply.isRedirect()) {
                return reply;
            }
            URI next = redirect(uri, reply.header("Location"));
            if (!far && !HttpOrigin.of(next).equals(HttpOrigin.of(uri))) {
                return reply;
            }
            uri = next;
        }
        throw new HubException(
                first.getHost() + " redirects more than " + MAX_REDIRECTS + " times");
    }

    private URI redirect(URI from, String location) throws HubException {
        try {
            URI next = from.resolve(location);
            if (!location.isEmpty() && next.getHost() != null && HttpOrigin.isHttp(next)) {
                if (HttpOrigin.of(from).isEncrypted() && !HttpOrigin.of(next).isEncrypted()) {
                    throw new HubException(
                            from.getHost() + " redirects to an address without encryption");
                }
                return next;
            }
        } catch (IllegalArgumentException e) {
            // As below.
        }
        throw new HubException(from.getHost() + " redirects to something that is no address");
    }

    private HttpRequest request(String method, URI uri, Part part) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri)
                        .method(method, BodyPublishers.noBody())
                        .header("User-Agent", EngineVersion.software().replace(' ', '/'))
                        .header("Accept-Encoding", "identity");
        if (token != null && isHub(uri)) {
            request.header("Authorization", "Bearer " + token);
        }
        if (part != null) {
            request.header("Range", "bytes=" + part.first() + "-" + part.last());
        }
        return request.build();
    }

    private Reply exchange(HttpRequest request, Part part, ByteBuffer into, LongConsumer received)
            throws IOException, InterruptedException {
        Body.Target target = new Body.Target(into, received);
        CompletableFuture<HttpResponse<Void>> answer =
                http.sendAsync(
                        request,
                        info -> new Body(target, isPart(part, info.statusCode(), info.headers())));
        try (target) {
            while (true) {
                try {
                    HttpResponse<Void> got = answer.get(TICK_MILLIS, TimeUnit.MILLISECONDS);
                    Reply reply = new Reply(request.uri(), got.statusCode(), got.headers());
                    if (reply.isOk() && !isPart(part, reply.status(), reply.headers())) {
                        throw new HubException(
                                reply.uri().getHost()
                                        + " does not send the part of a file that was asked for");
                    }
                    return reply;
                } catch (TimeoutException e) {
                    long silent = target.silentMillis();
                    if (silent > settings.transfer().silenceMillis()) {
                        throw new HttpTimeoutException(
                                request.uri().getHost() + " is silent for " + silent + " ms");
                    }
                }
            }
        } catch (ExecutionException e) {
            throw problem(request.uri(), e.getCause());
        } finally {
            answer.cancel(true);
        }
    }

    private static boolean isPart(Part part, int status, HttpHeaders headers) {
        return part == null
                ? status == 200
                : status == 206
                        && headers.firstValue("Content-Range")
                                .filter(range -> range.startsWith("bytes " + part.first() + "-"))
                                .isPresent();
    }

    private static IOException problem(URI uri, Throwable cause) {
        for (Throwable c = cause; c != null; c = c.getCause()) {
            if (c instanceof Body.TooLong) {
                return new HubException(uri.getHost() + " sends more than it should", c);
            }
            if (c instanceof SSLHandshakeException) {
                return new HubException(
                        uri.getHost() + ": no encrypted connection (" + c.getMessage() + ")", c);
            }
        }
        if (cause instanceof RuntimeException unchecked) {
            throw unchecked;
        }
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof IOException io ? io : new IOException(cause);
    }
}
