package glance.hub;

import java.net.URI;
import java.util.Locale;

/**
 * Whom an address belongs to.
 *
 * @param scheme http or https
 * @param host lower case
 * @param port the usual one where the address names none
 */
record HttpOrigin(String scheme, String host, int port) {
    static HttpOrigin of(URI uri) {
        String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
        int usual = scheme.equals("https") ? 443 : 80;
        return new HttpOrigin(
                scheme,
                uri.getHost().toLowerCase(Locale.ROOT),
                uri.getPort() < 0 ? usual : uri.getPort());
    }

    static boolean isHttp(URI uri) {
        String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
        return scheme.equals("https") || scheme.equals("http");
    }

    boolean isEncrypted() {
        return scheme.equals("https");
    }
}
