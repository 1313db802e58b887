package glance.hub;

import glance.api.RequestException;
import glance.text.PrintableText;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Where the hub and its cache are, as the hub's own tools are told: HF_ENDPOINT, HF_HOME,
 * HF_HUB_CACHE, HF_TOKEN, HF_TOKEN_PATH, HF_HUB_OFFLINE.
 */
public final class HubSettings {
    private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");
    private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]+");

    private final UnaryOperator<String> environment;
    private final URI endpoint;
    private final Path home;
    private final Path cache;
    private final boolean offline;
    private final Transfer transfer;

    private HubSettings(
            UnaryOperator<String> environment,
            URI endpoint,
            Path home,
            Path cache,
            boolean offline,
            Transfer transfer) {
        this.environment = environment;
        this.endpoint = endpoint;
        this.home = home;
        this.cache = cache;
        this.offline = offline;
        this.transfer = transfer;
    }

    /**
     * Those of this process.
     *
     * @throws RequestException if HF_ENDPOINT is no address
     */
    public static HubSettings ofProcess() {
        // As the hub's tools do; where there is no home, user.home is a question mark.
        String home = first(System::getenv, "HOME", System.getProperty("user.home"));
        return of(System::getenv, Path.of(home));
    }

    /** Those of an environment and a home folder. */
    static HubSettings of(UnaryOperator<String> environment, Path userHome) {
        UnaryOperator<String> path = name -> expanded(text(environment, name), userHome);
        Path caches = Path.of(first(path, "XDG_CACHE_HOME", userHome.resolve(".cache").toString()));
        Path home = Path.of(first(path, "HF_HOME", caches.resolve("huggingface").toString()));
        String legacy = first(path, "HUGGINGFACE_HUB_CACHE", home.resolve("hub").toString());
        String offline = text(environment, "HF_HUB_OFFLINE");
        return new HubSettings(
                environment,
                endpoint(first(environment, "HF_ENDPOINT", "https://huggingface.co")),
                home,
                Path.of(first(path, "HF_HUB_CACHE", legacy)).toAbsolutePath(),
                offline != null && TRUE.contains(offline.toUpperCase(Locale.ROOT)),
                Transfer.USUAL);
    }

    /** The same without a network. */
    public HubSettings withoutNetwork() {
        return new HubSettings(environment, endpoint, home, cache, true, transfer);
    }

    HubSettings with(Transfer other) {
        return new HubSettings(environment, endpoint, home, cache, offline, other);
    }

    private static String text(UnaryOperator<String> source, String name) {
        String value = source.apply(name);
        return value == null || value.isBlank() ? null : value.strip();
    }

    private static String first(UnaryOperator<String> source, String name, String otherwise) {
        String value = text(source, name);
        return value == null ? otherwise : value;
    }

    private static String expanded(String path, Path userHome) {
        return path != null && (path.equals("~") || path.startsWith("~/"))
                ? userHome + path.substring(1)
                : path;
    }

    private static URI endpoint(String text) {
        try {
            URI uri = new URI(text.replaceAll("/+$", ""));
            if (uri.getHost() != null && HttpOrigin.isHttp(uri) && uri.getUserInfo() == null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // Refused below, as what parses and is no address.
        }
        throw new RequestException(
                "HF_ENDPOINT="
                        + PrintableText.quoted(text)
                        + ": is no address of a hub; write it like https://huggingface.co");
    }

    URI endpoint() {
        return endpoint;
    }

    /** The folder of all repositories. */
    public Path cache() {
        return cache;
    }

    /** Whether no connection may be opened. */
    public boolean isOffline() {
        return offline;
    }

    Transfer transfer() {
        return transfer;
    }

    String environment(String name) {
        return text(environment, name);
    }

    /**
     * The user's token, or null: of HF_TOKEN, else of the file where the hub's tools keep it.
     *
     * @throws RequestException if it is none; it is never quoted
     */
    String token() {
        String given =
                Stream.of("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
                        .map(this::environment)
                        .filter(token -> token != null)
                        .findFirst()
                        .orElse(null);
        if (given != null) {
            return checked(given, "HF_TOKEN");
        }
        Path file =
                Path.of(
                        first(
                                this::environment,
                                "HF_TOKEN_PATH",
                                home.resolve("token").toString()));
        try {
            String text = Files.isRegularFile(file) ? Files.readString(file).strip() : "";
            return text.isEmpty() ? null : checked(text, file.toString());
        } catch (IOException e) {
            throw new RequestException(
                    file + ": the token cannot be read; check the file, or set HF_TOKEN", e);
        }
    }

    private static String checked(String token, String where) {
        if (!TOKEN.matcher(token).matches()) {
            throw new RequestException(
                    where + ": holds characters that no token has; copy the token again");
        }
        return token;
    }
}
