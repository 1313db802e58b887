package glance.cli.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import glance.cli.common.WrongUseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A run that another is compared with.
 *
 * @param name what it was
 */
record DenoiseBaseline(String name, int steps, double medianStepSeconds) {
    static DenoiseBaseline of(String name, DenoiseResult result) {
        return new DenoiseBaseline(name, result.stepSeconds().size(), result.medianStepSeconds());
    }

    /**
     * An earlier run, from its JSON.
     *
     * @throws WrongUseException if the file is something else
     */
    static DenoiseBaseline read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new WrongUseException("--baseline " + file + ": no such file");
        }
        JsonNode run = parse(file);
        if (!run.path("stepSeconds").isArray() || !run.path("medianStepSeconds").isNumber()) {
            throw unknown(file);
        }
        return new DenoiseBaseline(
                run.path("plan").asText() + " on " + run.path("device").asText() + ", " + file,
                run.get("stepSeconds").size(),
                run.get("medianStepSeconds").asDouble());
    }

    private static JsonNode parse(Path file) throws IOException {
        try {
            return new ObjectMapper().readTree(file.toFile());
        } catch (JsonProcessingException e) {
            throw unknown(file);
        }
    }

    private static WrongUseException unknown(Path file) {
        return new WrongUseException(
                "--baseline " + file + ": expected what bench denoise --json printed");
    }
}
