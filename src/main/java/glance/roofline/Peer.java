package glance.roofline;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What {@code benchmarks/peers/torch_kernels.py} measured.
 *
 * @param name of the framework, with its version
 * @param device as the framework calls it
 * @param micros of each kernel
 */
public record Peer(String name, String device, Map<String, Spread> micros) {
    /**
     * Reads a report.
     *
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it is not such a report
     */
    public static Peer read(Path file) throws IOException {
        JsonNode root = new ObjectMapper().readTree(file.toFile());
        if (!root.path("framework").isTextual() || !root.path("rows").isArray()) {
            throw new IllegalArgumentException(
                    file
                            + ": expected the fields framework and rows; make the file with"
                            + " benchmarks/peers/torch_kernels.py --json FILE");
        }
        Map<String, Spread> micros = new LinkedHashMap<>();
        for (JsonNode row : root.get("rows")) {
            JsonNode times = row.path("timing").path("micros");
            if (times.isObject()) {
                micros.put(
                        row.path("name").asText(),
                        new Spread(
                                times.path("median").asDouble(),
                                times.path("min").asDouble(),
                                times.path("max").asDouble()));
            }
        }
        return new Peer(
                root.get("framework").asText(), root.path("device").asText("unknown"), micros);
    }
}
