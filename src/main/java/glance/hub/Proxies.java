package glance.hub;

import glance.api.RequestException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;

/**
 * The proxies of the JVM's own settings, such as {@code -Dhttps.proxyHost}; else those of the
 * environment: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, also in lower case.
 */
final class Proxies extends ProxySelector {
    private final ProxySelector jvm;
    private final UnaryOperator<String> environment;

    Proxies(ProxySelector jvm, UnaryOperator<String> environment) {
        this.jvm = jvm;
        this.environment = environment;
    }

    /**
     * @throws RequestException if the environment names no address of a proxy
     */
    @Override
    public List<Proxy> select(URI uri) {
        List<Proxy> own = jvm == null ? List.of() : jvm.select(uri);
        if (own.stream().anyMatch(proxy -> proxy.type() != Proxy.Type.DIRECT)) {
            return own;
        }
        String name = uri.getScheme().equals("https") ? "HTTPS_PROXY" : "HTTP_PROXY";
        String address = named(name);
        if (address == null) {
            name = "ALL_PROXY";
            address = named(name);
        }
        return address == null || isExempt(uri.getHost())
                ? List.of(Proxy.NO_PROXY)
                : List.of(proxy(name, address));
    }

    private String named(String name) {
        String lower = environment.apply(name.toLowerCase(Locale.ROOT));
        return lower == null ? environment.apply(name) : lower;
    }

    private boolean isExempt(String host) {
        String list = named("NO_PROXY");
        if (list == null) {
            return false;
        }
        for (String entry : list.toLowerCase(Locale.ROOT).split("[,\\s]+")) {
            String domain = entry.replaceFirst("^\\*?\\.", "");
            String lower = host.toLowerCase(Locale.ROOT);
            if (entry.equals("*")
                    || !domain.isEmpty()
                            && (lower.equals(domain) || lower.endsWith("." + domain))) {
                return true;
            }
        }
        return false;
    }

    private static Proxy proxy(String name, String address) {
        try {
            URI uri = URI.create(address.contains("://") ? address : "http://" + address);
            if (uri.getHost() != null && HttpOrigin.isHttp(uri) && uri.getUserInfo() == null) {
                return new Proxy(
                        Proxy.Type.HTTP,
                        new InetSocketAddress(uri.getHost(), HttpOrigin.of(uri).port()));
            }
        } catch (IllegalArgumentException e) {
            // Refused below.
        }
        // Not quoted: it may hold a password.
        throw new RequestException(
                name
                        + ": is no address of a proxy without a password; write it like"
                        + " http://proxy:3128");
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException problem) {
        // The request fails and says so.
    }
}
