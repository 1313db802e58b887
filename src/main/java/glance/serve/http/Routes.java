package glance.serve.http;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What answers which addresses. */
public final class Routes {
    /** Answers a request. */
    @FunctionalInterface
    public interface Endpoint {
        void answer(Exchange exchange) throws Exception;
    }

    private record Route(String method, String[] parts, Endpoint endpoint) {
        /** The named parts of a path; null if it is not of this route. */
        Map<String, String> match(String[] path) {
            if (path.length != parts.length) {
                return null;
            }
            Map<String, String> named = new HashMap<>();
            for (int i = 0; i < path.length; i++) {
                if (parts[i].startsWith("{")) {
                    named.put(parts[i].substring(1, parts[i].length() - 1), path[i]);
                } else if (!parts[i].equals(path[i])) {
                    return null;
                }
            }
            return named;
        }
    }

    /** An endpoint and the named parts of the path. */
    record Match(Endpoint endpoint, Map<String, String> path) {}

    private final List<Route> routes = new ArrayList<>();

    /**
     * Adds a route.
     *
     * @param method such as GET
     * @param path such as {@code /v1/jobs/{id}}
     */
    public Routes add(String method, String path, Endpoint endpoint) {
        routes.add(new Route(method, path.split("/", -1), endpoint));
        return this;
    }

    /**
     * The endpoint of an address.
     *
     * @throws HttpProblem if there is none
     */
    Match find(String method, String path) {
        String[] parts = path.split("/", -1);
        boolean known = false;
        for (Route route : routes) {
            Map<String, String> named = route.match(parts);
            if (named != null && route.method().equals(method)) {
                return new Match(route.endpoint(), named);
            }
            known |= named != null;
        }
        throw known
                ? HttpProblem.notAllowed(method)
                : HttpProblem.notFound("there is nothing at " + path);
    }
}
