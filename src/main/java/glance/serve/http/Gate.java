package glance.serve.http;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Locale;
import java.util.Set;
import org.eclipse.jetty.http.HttpCookie;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;

/**
 * Who may ask. A web page of another site must not drive the server through its visitor's browser:
 * a request from a page must come from a page of this server (Origin), and a server on the loopback
 * interface answers to names of the loopback only (Host), so that no other name can be made to
 * point at it. With a key, every request needs it: as {@code Authorization: Bearer KEY}, as the
 * password of basic authentication, or in the cookie that the page sets.
 */
public final class Gate {
    /** The cookie of the page that holds the key. */
    public static final String COOKIE = "glance-key";

    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]", "::1");
    private static final String BEARER = "bearer ";
    private static final String BASIC = "basic ";

    private final boolean loopback;
    private final byte[] key;

    /**
     * @param host that the server listens on
     * @param key that requests need, or null
     */
    public Gate(String host, String key) {
        this.loopback = isLoopback(host);
        this.key = key == null ? null : key.getBytes(StandardCharsets.UTF_8);
    }

    /** Whether a host is reached from this machine alone. */
    public static boolean isLoopback(String host) {
        return LOOPBACK.contains(host.toLowerCase(Locale.ROOT));
    }

    /**
     * Lets a request through.
     *
     * @param free whether it needs no key
     * @throws HttpProblem if it may not
     */
    void require(Request request, boolean free) {
        String host = request.getHeaders().get(HttpHeader.HOST);
        if (host == null || loopback && !isLoopback(withoutPort(host))) {
            throw HttpProblem.forbidden(
                    "this server answers on the loopback interface only, not as '"
                            + (host == null ? "" : withoutPort(host))
                            + "'");
        }
        String origin = request.getHeaders().get(HttpHeader.ORIGIN);
        if (origin != null && !host.equalsIgnoreCase(authority(origin))) {
            throw HttpProblem.forbidden("a page of " + origin + " may not use this server");
        }
        if (key != null && !free && !hasKey(request)) {
            throw HttpProblem.unauthorized();
        }
    }

    /** Whether a text is the key. */
    public boolean isKey(String text) {
        return key == null
                || text != null
                        && MessageDigest.isEqual(key, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Whether requests need a key. */
    public boolean asksForKey() {
        return key != null;
    }

    private boolean hasKey(Request request) {
        String given = request.getHeaders().get(HttpHeader.AUTHORIZATION);
        String lower = given == null ? "" : given.toLowerCase(Locale.ROOT);
        if (lower.startsWith(BEARER)) {
            return isKey(given.substring(BEARER.length()).strip());
        }
        if (lower.startsWith(BASIC)) {
            return isKey(password(given.substring(BASIC.length()).strip()));
        }
        for (HttpCookie cookie : Request.getCookies(request)) {
            if (cookie.getName().equals(COOKIE)) {
                return isKey(decoded(cookie.getValue()));
            }
        }
        return false;
    }

    private static String password(String encoded) {
        String pair = decoded(encoded);
        return pair == null || pair.indexOf(':') < 0 ? null : pair.substring(pair.indexOf(':') + 1);
    }

    private static String decoded(String base64) {
        try {
            return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static String withoutPort(String host) {
        int colon = host.lastIndexOf(':');
        return colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
    }

    /** Host and port of an origin, as a Host header has them; null if it has none. */
    private static String authority(String origin) {
        try {
            return new URI(origin).getRawAuthority();
        } catch (URISyntaxException e) {
            return null;
        }
    }
}
