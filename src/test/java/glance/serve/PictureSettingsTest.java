package glance.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import glance.api.Lora;
import glance.api.Request;
import glance.fixtures.Fixture;
import glance.io.BuiltInModel;
import glance.io.Images;
import glance.schedule.PlanJson;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PictureSettingsTest {
    private static final String EVEN =
            "{\"name\": \"even-4\", \"of\": 4, \"phases\": {\"slow\": [1, 2], \"fast\": [3, 4]}}";

    @TempDir private Path folder;

    @Test
    void adaptersThatTheModelCarries_areItsOwnAndNotMissing() throws Exception {
        Path model = Files.createDirectory(folder.resolve("model"));
        copyUsingItsExperts(model);
        Request request = Request.of("a red circle").plan(PlanJson.parse(EVEN)).seed(1);
        try (Served served = new Served(Served.options(folder, null, 4), model)) {
            assertThat(served.model().complete(request).loras().orElseThrow()).hasSize(2);
            JsonNode own = settings(served, request);
            assertThat(own.path("request").has("lora")).isFalse();
            assertThat(own.path("missing")).isEmpty();
            JsonNode none = settings(served, request.loras(List.of()));
            assertThat(none.path("request").path("lora").isArray()).isTrue();
            assertThat(none.path("request").path("lora")).isEmpty();
        }
    }

    private static JsonNode settings(Served served, Request request) throws Exception {
        return served.post("/v1/settings", served.model().draw(request).get(0).png()).json();
    }

    private static void copyUsingItsExperts(Path to) throws IOException {
        Path from = BuiltInModel.path();
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!file.endsWith("glance.json")) {
                    Path copy = to.resolve(from.relativize(file).toString());
                    Files.createDirectories(copy.getParent());
                    Files.copy(file, copy);
                }
            }
        }
    }

    @Test
    void adaptersOfTheFolder_areFoundByTheNamesOfTheirFiles_othersAreMissing() throws Exception {
        Path mine = Fixture.folder("glance-tiny-pipeline");
        Path elsewhere = Files.createDirectory(folder.resolve("a:b@c"));
        Path slow =
                Files.copy(mine.resolve("slow.safetensors"), elsewhere.resolve("slow.safetensors"));
        Path lost =
                Files.copy(mine.resolve("fast.safetensors"), elsewhere.resolve("lost.safetensors"));
        Request request =
                Request.of("a red circle")
                        .plan("glance-8")
                        .lora(Lora.parse(slow + ":1/0.8/0.5@1-3"))
                        .lora(Lora.of(lost));
        try (Served served = new Served(Served.options(folder, mine, null, 4))) {
            JsonNode settings = settings(served, request);
            assertThat(settings.at("/request/lora")).hasSize(1);
            JsonNode adapter = settings.at("/request/lora/0");
            assertThat(adapter.path("file").asText()).isEqualTo("slow.safetensors");
            assertThat(adapter.path("steps").asText()).isEqualTo("1-3");
            assertThat(adapter.path("scale").asText()).isEqualTo("1/0.8/0.5");
            assertThat(settings.path("missing").get(0).asText()).isEqualTo(lost.toString());
        }
    }

    @Test
    void whatHasNoMeaningHere_isNamed() throws Exception {
        Path other = folder.resolve("other.png");
        Images.writePng(
                other,
                new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB),
                Map.of("parameters", "a red circle\nSteps: 2, Sampler: DPM++ 2M, Seed: 9"));
        try (Served served = new Served(folder)) {
            JsonNode settings = served.post("/v1/settings", Files.readAllBytes(other)).json();
            assertThat(settings.path("request").path("seed").textValue()).isEqualTo("9");
            assertThat(settings.path("request").has("lora")).isFalse();
            assertThat(settings.path("left")).hasSize(1);
            assertThat(settings.path("left").get(0).asText()).isEqualTo("Sampler (DPM++ 2M)");
        }
    }
}
