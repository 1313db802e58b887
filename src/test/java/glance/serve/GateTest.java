package glance.serve;

import static org.assertj.core.api.Assertions.assertThat;

import glance.serve.Served.Answer;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GateTest {
    private static final String KEY = "pass word";
    private static Served served;

    @BeforeAll
    static void serve(@TempDir Path folder) {
        served = new Served(Served.options(folder, KEY, 8));
    }

    @AfterAll
    static void close() {
        served.close();
    }

    /** Java's client sets no Host of the caller's choice. */
    private static String raw(String headers) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", served.server().address().getPort())) {
            OutputStream out = socket.getOutputStream();
            out.write(
                    ("GET /v1/models HTTP/1.1\r\n" + headers + "Connection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static Answer ask(String name, String value) throws Exception {
        return served.send(HttpRequest.newBuilder(served.at("/v1/models")).header(name, value));
    }

    @Test
    void key_isAskedFor_andTakenInThreeForms() throws Exception {
        Answer without = served.get("/v1/models");
        assertThat(without.status()).isEqualTo(401);
        assertThat(without.message()).isEqualTo("this server asks for its API key");
        assertThat(without.response().headers().allValues("WWW-Authenticate"))
                .containsExactly("Bearer");
        assertThat(ask("Authorization", "Bearer " + KEY).status()).isEqualTo(200);
        assertThat(ask("Authorization", "Bearer " + KEY + "x").status()).isEqualTo(401);
        String basic =
                Base64.getEncoder().encodeToString(("me:" + KEY).getBytes(StandardCharsets.UTF_8));
        assertThat(ask("Authorization", "Basic " + basic).status()).isEqualTo(200);
        assertThat(ask("Authorization", "Basic !!").status()).isEqualTo(401);

        Answer wrong = served.post("/page/key", "{\"key\": \"x\"}");
        assertThat(wrong.status()).isEqualTo(401);
        Answer given = served.post("/page/key", "{\"key\": \"" + KEY + "\"}");
        String cookie = given.response().headers().firstValue("Set-Cookie").orElseThrow();
        assertThat(cookie).contains("HttpOnly").contains("SameSite=Strict").doesNotContain(KEY);
        assertThat(ask("Cookie", cookie.substring(0, cookie.indexOf(';'))).status()).isEqualTo(200);
    }

    @Test
    void page_andHealth_needNoKey() throws Exception {
        assertThat(served.get("/").status()).isEqualTo(200);
        assertThat(served.get("/page/app.js").status()).isEqualTo(200);
        assertThat(served.get("/healthz").status()).isEqualTo(200);
        assertThat(served.get("/v1/facts").status()).isEqualTo(401);
    }

    @Test
    void pagesOfOtherSites_areRefused() throws Exception {
        String key = "Authorization: Bearer " + KEY + "\r\n";
        String host = "Host: localhost:" + served.server().address().getPort() + "\r\n";
        assertThat(raw(host + key)).startsWith("HTTP/1.1 200");
        assertThat(raw("Host: glance.example\r\n" + key))
                .startsWith("HTTP/1.1 403")
                .contains("this server is not called 'glance.example'");
        assertThat(raw("Host: glance.test\r\n" + key)).startsWith("HTTP/1.1 200");
        assertThat(raw("Host: 192.168.1.7\r\n" + key)).startsWith("HTTP/1.1 403");
        assertThat(raw(host + key + "Sec-Fetch-Site: cross-site\r\n")).startsWith("HTTP/1.1 403");
        assertThat(raw(host + key + "Sec-Fetch-Site: same-origin\r\n")).startsWith("HTTP/1.1 200");
        assertThat(raw(host + key + "Origin: http://glance.example\r\n"))
                .startsWith("HTTP/1.1 403")
                .contains("a page of http://glance.example may not use this server");
        assertThat(raw(host + key + "Origin: null\r\n")).startsWith("HTTP/1.1 403");
        String own = host.strip().replace("Host: ", "Origin: http://") + "\r\n";
        assertThat(raw(host + key + own)).startsWith("HTTP/1.1 200");
    }

    @Test
    void bodies_areLimited_andAddresses_areKnown() throws Exception {
        HttpRequest.Builder large =
                HttpRequest.newBuilder(served.at("/v1/images/generations"))
                        .header("Authorization", "Bearer " + KEY)
                        .POST(BodyPublishers.ofByteArray(new byte[(1 << 20) + 1]));
        assertThat(served.send(large).status()).isEqualTo(413);
        Answer nothing =
                served.send(
                        HttpRequest.newBuilder(served.at("/v1/nothing"))
                                .header("Authorization", "Bearer " + KEY));
        assertThat(nothing.status()).isEqualTo(404);
        assertThat(served.post("/page/style.css", "").status()).isEqualTo(405);
        assertThat(served.get("/page/..%2f..%2fapplication.properties").status()).isIn(400, 404);
        assertThat(served.get("/page/package.html").status()).isEqualTo(404);
    }
}
