package glance.serve.http;

/** A request that is refused, as the client is told. */
public final class HttpProblem extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String code;
    private final String param;
    private final int retryAfterSeconds;

    private HttpProblem(
            int status, String code, String param, String message, int retryAfterSeconds) {
        super(message);
        this.status = status;
        this.code = code;
        this.param = param;
        this.retryAfterSeconds = retryAfterSeconds;
    }

    /** 400: the request makes no sense. */
    public static HttpProblem invalid(String message) {
        return new HttpProblem(400, "invalid_request", null, message, 0);
    }

    /** 400: a value of the request makes no sense. */
    public static HttpProblem invalid(String param, String message) {
        return new HttpProblem(400, "invalid_value", param, param + ": " + message, 0);
    }

    /** 401: the key is missing or wrong. */
    public static HttpProblem unauthorized() {
        return new HttpProblem(401, "invalid_api_key", null, "this server asks for its API key", 0);
    }

    /** 403: a page of another site, or a name that is not this server's. */
    public static HttpProblem forbidden(String message) {
        return new HttpProblem(403, "forbidden", null, message, 0);
    }

    /** 404. */
    public static HttpProblem notFound(String message) {
        return new HttpProblem(404, "not_found", null, message, 0);
    }

    /** 405. */
    public static HttpProblem notAllowed(String method) {
        return new HttpProblem(
                405, "method_not_allowed", null, "this address knows no " + method, 0);
    }

    /** 413. */
    public static HttpProblem tooLarge(long limit) {
        return new HttpProblem(
                413, "too_large", null, "a request has at most " + limit + " bytes here", 0);
    }

    /** 429: the queue is full. */
    public static HttpProblem busy(int waiting, int retryAfterSeconds) {
        return new HttpProblem(
                429,
                "queue_full",
                null,
                "the queue is full (" + waiting + " wait); try again later",
                retryAfterSeconds);
    }

    /** 499: it was ended before it was done. */
    public static HttpProblem cancelled() {
        return new HttpProblem(499, "cancelled", null, "the picture was cancelled", 0);
    }

    /** 500: the engine failed. */
    public static HttpProblem failed(String message) {
        return new HttpProblem(500, "failed", null, message, 0);
    }

    /** 503: the server is about to end. */
    public static HttpProblem stopping() {
        return new HttpProblem(503, "stopping", null, "the server is about to stop", 10);
    }

    /** 503: too many clients listen. */
    public static HttpProblem tooManyStreams() {
        return new HttpProblem(
                503, "too_many_streams", null, "too many clients listen to events", 10);
    }

    /** Status of the answer. */
    public int status() {
        return status;
    }

    /** The kind of problem, for programs. */
    public String code() {
        return code;
    }

    /** The value that is meant, or null. */
    public String param() {
        return param;
    }

    /** When to try again; 0 for never. */
    public int retryAfterSeconds() {
        return retryAfterSeconds;
    }
}
