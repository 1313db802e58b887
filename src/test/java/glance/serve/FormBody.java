package glance.serve;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;

/** A form with files, as programs and pages send it. */
final class FormBody {
    private static final String BOUNDARY = "----glance-boundary";

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    FormBody field(String name, String value) {
        return part("name=\"" + name + "\"", value.getBytes(StandardCharsets.UTF_8));
    }

    FormBody file(String name, byte[] content) {
        return part("name=\"" + name + "\"; filename=\"x.png\"", content);
    }

    /** As some clients send it. */
    FormBody namelessFile(String name, byte[] content) {
        return part("name=\"" + name + "\"", content);
    }

    private FormBody part(String disposition, byte[] content) {
        write("--" + BOUNDARY + "\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n");
        bytes.writeBytes(content);
        write("\r\n");
        return this;
    }

    private void write(String text) {
        bytes.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The whole form. */
    byte[] bytes() {
        write("--" + BOUNDARY + "--\r\n");
        return bytes.toByteArray();
    }

    HttpRequest.Builder to(URI address) {
        return request(address, bytes());
    }

    static HttpRequest.Builder request(URI address, byte[] body) {
        return HttpRequest.newBuilder(address)
                .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
                .POST(BodyPublishers.ofByteArray(body));
    }
}
