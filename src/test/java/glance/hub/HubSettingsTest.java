package glance.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubSettingsTest {
    @TempDir private Path home;
    private final Map<String, String> environment = new HashMap<>();

    private HubSettings settings() {
        return HubSettings.of(environment::get, home);
    }

    @Test
    void cache_isWhereTheHubsToolsHaveIt() {
        assertThat(settings().cache()).isEqualTo(home.resolve(".cache/huggingface/hub"));
        environment.put("XDG_CACHE_HOME", "/x");
        assertThat(settings().cache()).isEqualTo(Path.of("/x/huggingface/hub"));
        environment.put("HF_HOME", "~/h");
        assertThat(settings().cache()).isEqualTo(home.resolve("h/hub"));
        environment.put("HUGGINGFACE_HUB_CACHE", "/old");
        assertThat(settings().cache()).isEqualTo(Path.of("/old"));
        environment.put("HF_HUB_CACHE", "/new");
        assertThat(settings().cache()).isEqualTo(Path.of("/new"));
        environment.put("HF_HUB_CACHE", " ");
        assertThat(settings().cache()).isEqualTo(Path.of("/old"));
    }

    @Test
    void endpoint_isTheHubOrAnother() {
        assertThat(settings().endpoint()).isEqualTo(URI.create("https://huggingface.co"));
        environment.put("HF_ENDPOINT", "http://mirror:8080/hub//");
        assertThat(settings().endpoint()).isEqualTo(URI.create("http://mirror:8080/hub"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"huggingface.co", "ftp://x", "https://", "http://a b", "https://u:p@x"})
    void endpointThatIsNoAddress_isRefused(String text) {
        environment.put("HF_ENDPOINT", text);
        assertThatThrownBy(this::settings)
                .hasMessageStartingWith("HF_ENDPOINT=")
                .hasMessageEndingWith("write it like https://huggingface.co");
    }

    @ParameterizedTest
    @CsvSource({"1, true", "yes, true", "TRUE, true", "on, true", "0, false", "'', false"})
    void offline_isSaidAsToTheHubsTools(String value, boolean offline) {
        environment.put("HF_HUB_OFFLINE", value);
        assertThat(settings().isOffline()).isEqualTo(offline);
    }

    @Test
    void token_isFoundWhereTheHubsToolsKeepIt() throws IOException {
        assertThat(settings().token()).isNull();
        Files.createDirectories(home.resolve(".cache/huggingface"));
        Files.writeString(home.resolve(".cache/huggingface/token"), "hf_kept\n");
        assertThat(settings().token()).isEqualTo("hf_kept");
        Files.writeString(home.resolve("mine"), "hf_mine");
        environment.put("HF_TOKEN_PATH", home.resolve("mine").toString());
        assertThat(settings().token()).isEqualTo("hf_mine");
        environment.put("HF_TOKEN", "hf_given\n");
        assertThat(settings().token()).isEqualTo("hf_given");
    }

    @Test
    void token_isNeverShown() {
        environment.put("HF_TOKEN", "hf secret");
        assertThatThrownBy(() -> settings().token())
                .hasMessage("HF_TOKEN: holds characters that no token has; copy the token again");
        environment.put("HF_TOKEN", "hf_secret");
        assertThat(settings().toString()).doesNotContain("hf_secret");
    }

    private String proxy(String uri) {
        ProxySelector direct = ProxySelector.of(null);
        Proxy proxy = new Proxies(direct, environment::get).select(URI.create(uri)).get(0);
        return proxy.type() == Proxy.Type.DIRECT
                ? "none"
                : ((InetSocketAddress) proxy.address()).getHostString()
                        + ":"
                        + ((InetSocketAddress) proxy.address()).getPort();
    }

    @Test
    void proxies_areThoseOfTheEnvironment() {
        assertThat(proxy("https://huggingface.co/x")).isEqualTo("none");
        environment.put("ALL_PROXY", "http://127.0.0.9");
        assertThat(proxy("https://huggingface.co/x")).isEqualTo("127.0.0.9:80");
        environment.put("HTTP_PROXY", "127.0.0.2:3128");
        environment.put("https_proxy", "http://127.0.0.3:8080/");
        assertThat(proxy("http://huggingface.co/x")).isEqualTo("127.0.0.2:3128");
        assertThat(proxy("https://huggingface.co/x")).isEqualTo("127.0.0.3:8080");
        environment.put("NO_PROXY", "example.org, .huggingface.co,localhost");
        assertThat(proxy("https://huggingface.co/x")).isEqualTo("none");
        assertThat(proxy("https://cdn.huggingface.co/x")).isEqualTo("none");
        assertThat(proxy("https://xhuggingface.co/x")).isEqualTo("127.0.0.3:8080");
        environment.put("NO_PROXY", "*");
        assertThat(proxy("https://x/x")).isEqualTo("none");
    }

    @Test
    void proxyOfTheJvm_goesFirst() {
        environment.put("HTTPS_PROXY", "http://127.0.0.3:8080");
        ProxySelector jvm = ProxySelector.of(new InetSocketAddress("127.0.0.4", 1));
        assertThat(new Proxies(jvm, environment::get).select(URI.create("https://x")).get(0))
                .hasToString("HTTP @ /127.0.0.4:1");
    }

    @Test
    void proxyWithAPassword_isRefusedWithoutShowingIt() {
        environment.put("HTTPS_PROXY", "http://me:secret@proxy:1");
        assertThatThrownBy(() -> proxy("https://x"))
                .hasMessageStartingWith("HTTPS_PROXY: is no address of a proxy without a password")
                .hasMessageNotContaining("secret");
    }
}
