package glance.serve.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Takes every request: who asks, what answers, and what is said when it fails. */
public final class Front extends Handler.Abstract {
    private static final long LOOK_MILLIS = 10;

    private final Routes routes;
    private final Gate gate;
    private final Predicate<String> free;
    private final Set<Object> answering = ConcurrentHashMap.newKeySet();
    private final Function<Throwable, HttpProblem> problems;

    /**
     * @param free paths that need no key
     * @param problems words for what endpoints throw
     */
    public Front(
            Routes routes,
            Gate gate,
            Predicate<String> free,
            Function<Throwable, HttpProblem> problems) {
        this.routes = routes;
        this.gate = gate;
        this.free = free;
        this.problems = problems;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        String path = Request.getPathInContext(request);
        answering.add(response);
        try {
            gate.require(request, free.test(path));
            String method = request.getMethod().equals("HEAD") ? "GET" : request.getMethod();
            Routes.Match match = routes.find(method, path);
            match.endpoint()
                    .answer(
                            new Exchange(
                                    request,
                                    response,
                                    match.path(),
                                    () -> answering.remove(response)));
            callback.succeeded();
        } catch (Exception | Error e) {
            refuse(request, response, callback, path, e);
        } finally {
            answering.remove(response);
        }
        return true;
    }

    /** Waits until all answers have gone out but those that may be cut off, or for so long. */
    public void awaitAnswers(long millis) throws InterruptedException {
        long end = System.nanoTime() + millis * 1_000_000;
        while (!answering.isEmpty() && System.nanoTime() < end) {
            Thread.sleep(LOOK_MILLIS);
        }
    }

    private void refuse(
            Request request, Response response, Callback callback, String path, Throwable cause) {
        if (response.isCommitted()) {
            callback.failed(cause);
            return;
        }
        HttpProblem problem = problems.apply(cause);
        try {
            response.reset();
            if (problem.retryAfterSeconds() > 0) {
                response.getHeaders().put(HttpHeader.RETRY_AFTER, problem.retryAfterSeconds());
            }
            if (problem.status() == 401) {
                // of Basic a browser would open a box of its own over the page
                response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
            }
            response.getHeaders().put(HttpHeader.CONNECTION, "close");
            Exchange exchange = new Exchange(request, response, Map.of(), () -> {});
            exchange.answer(problem.status(), json(problem, path));
            exchange.discardBody();
            callback.succeeded();
        } catch (IOException | RuntimeException e) {
            callback.failed(e);
        }
    }

    /** As OpenAI and AUTOMATIC1111 word refusals. */
    private static ObjectNode json(HttpProblem problem, String path) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        if (path.startsWith("/sdapi/")) {
            return root.put("error", problem.code()).put("detail", problem.getMessage());
        }
        root.putObject("error")
                .put("message", problem.getMessage())
                .put("type", problem.status() < 500 ? "invalid_request_error" : "server_error")
                .put("param", problem.param())
                .put("code", problem.code());
        return root;
    }
}
