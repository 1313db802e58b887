package glance.serve.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.serve.Served;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UploadsTest {
    /** More than a text needs. */
    private static final int LARGE = (1 << 20) + 1000;

    private static final String JOB = "{\"prompt\": \"a\", \"plan\": 1}";

    @TempDir private Path folder;

    /** Two clients that are slow with their bodies take both places. */
    @Test
    void thirdLargeRequest_waitsForAPlace_andSmallOnesDoNot() throws Exception {
        try (Served served = new Served(folder);
                Socket first = begun(served.server().address());
                Socket second = begun(served.server().address())) {
            Thread.sleep(500); // both are being read
            HttpRequest third =
                    HttpRequest.newBuilder(served.at("/v1/jobs"))
                            .POST(BodyPublishers.ofString(JOB + " ".repeat(LARGE)))
                            .build();
            CompletableFuture<HttpResponse<Void>> answer =
                    HttpClient.newHttpClient().sendAsync(third, BodyHandlers.discarding());
            assertThat(served.post("/v1/jobs", JOB).status()).isEqualTo(202);
            assertThatThrownBy(() -> answer.get(1, TimeUnit.SECONDS))
                    .isInstanceOf(TimeoutException.class);
            second.close();
            assertThat(answer.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(202);
        }
    }

    private static Socket begun(URI address) throws Exception {
        Socket socket = new Socket(address.getHost(), address.getPort());
        String head =
                "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                        + LARGE
                        + "\r\n\r\n{";
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
        return socket;
    }
}
