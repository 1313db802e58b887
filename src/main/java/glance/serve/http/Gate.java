package glance.serve.http;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpCookie;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;

/**
 * Who may ask. A web page of another site must not drive the server through its visitor's browser:
 * a request from a page must come from a page of this server (Origin, Sec-Fetch-Site), and the
 * server answers only to names that are its own (Host), so that no other name can be made to point
 * at it: those of the loopback, the one that it listens on, those that it was given, and, beyond
 * the loopback, plain addresses. With a key, every request needs it: as {@code Authorization:
 * Bearer KEY}, as the password of basic authentication, or in the cookie that the page sets.
 */
public final class Gate {
    /** The cookie of the page. */
    public static final String COOKIE = "glance-key";

    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]", "::1");
    private static final int TOKEN_BYTES = 32;
    private static final String BEARER = "bearer ";
    private static final String BASIC = "basic ";

    private static final Pattern ADDRESS = Pattern.compile("\\[[0-9a-f:.]+]|[0-9]+(\\.[0-9]+){3}");
    private static final Set<String> OWN_SITES = Set.of("same-origin", "none");

    private final boolean loopback;
    private final Set<String> names = new HashSet<>();
    private final byte[] key;
    private final String token;

    /**
     * @param host that the server listens on
     * @param names other names of it, such as that of a proxy
     * @param key that requests need, or null
     */
    public Gate(String host, List<String> names, String key) {
        this.loopback = isLoopback(host);
        this.names.add(host.toLowerCase(Locale.ROOT));
        names.forEach(name -> this.names.add(name.toLowerCase(Locale.ROOT)));
        byte[] random = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(random);
        this.token = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
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
        if (host == null || !isOwnName(withoutPort(host).toLowerCase(Locale.ROOT))) {
            throw HttpProblem.forbidden(
                    "this server is not called '"
                            + (host == null ? "" : withoutPort(host))
                            + "'; start it with --name for another name");
        }
        String origin = request.getHeaders().get(HttpHeader.ORIGIN);
        if (origin != null && !host.equalsIgnoreCase(authority(origin))) {
            throw HttpProblem.forbidden("a page of " + origin + " may not use this server");
        }
        String site = request.getHeaders().get("Sec-Fetch-Site");
        boolean visit = "navigate".equals(request.getHeaders().get("Sec-Fetch-Mode"));
        if (site != null && !OWN_SITES.contains(site) && !visit) {
            throw HttpProblem.forbidden("a page of another site may not use this server");
        }
        if (key != null && !free && !hasKey(request)) {
            throw HttpProblem.unauthorized();
        }
    }

    private boolean isOwnName(String name) {
        return LOOPBACK.contains(name)
                || names.contains(name)
                || !loopback && ADDRESS.matcher(name).matches();
    }

    /** What the cookie of the page holds: good as the key, until this server ends. */
    public String token() {
        return token;
    }

    /** Whether a text is the key. */
    public boolean isKey(String text) {
        return key == null
                || text != null
                        && MessageDigest.isEqual(key, text.getBytes(StandardCharsets.UTF_8));
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
                return MessageDigest.isEqual(bytes(token), bytes(cookie.getValue()));
            }
        }
        return false;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
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
