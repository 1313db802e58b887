package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.api.Lora;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.io.SafetensorsWriter;
import glance.lora.PhaseNote;
import glance.schedule.PlanJson;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnExpertsTest {
    @TempDir private Path folder;

    private ModelFolder model;
    private Path slow;
    private Path fast;

    @BeforeEach
    void makeModel() throws IOException {
        Files.writeString(folder.resolve("model_index.json"), "{\"_class_name\": \"X\"}");
        model = ModelFolder.open(folder);
        Files.createDirectory(folder.resolve("experts"));
        slow = expert("slow", new PhaseNote("glance", "slow", List.of()).entries());
        fast = expert("fast", new PhaseNote("glance", "fast", List.of()).entries());
        expert("style", Map.of());
        expert("other", new PhaseNote("glance-8", "slow", List.of()).entries());
    }

    private Path expert(String name, Map<String, String> header) {
        Path file = folder.resolve("experts").resolve(name + ".safetensors");
        HostTensor tensor = new HostTensor(DType.F32, Shape.of(1), ByteBuffer.allocate(4));
        SafetensorsWriter.write(file, Map.of("x", tensor), header);
        return file;
    }

    @Test
    void expertsOfThePlan_areUsedInTheirPhases() {
        assertThat(OwnExperts.of(model, PlanJson.find("glance")))
                .containsExactlyInAnyOrder(Lora.of(slow).on("slow"), Lora.of(fast).on("fast"));
    }

    @Test
    void otherPlans_haveNone() {
        assertThat(OwnExperts.of(model, PlanJson.find("full"))).isEmpty();
        assertThat(OwnExperts.of(model, PlanJson.find("glance-15"))).isEmpty();
        assertThat(OwnExperts.of(model, PlanJson.parse("{\"name\": \"glance\", \"of\": 10}")))
                .as("a plan of that name without the phases")
                .isEmpty();
    }

    @Test
    void planWithAdaptersOfItsOwn_keepsToThem() {
        String own =
                "{\"name\": \"glance\", \"of\": 2, \"phases\": {\"slow\": [1, 1]},"
                        + " \"adapters\": {\"slow\": [\"a.safetensors\"]}}";
        assertThat(OwnExperts.of(model, PlanJson.parse(own))).isEmpty();
    }

    @Test
    void expertsThatTheFolderTurnsOff_areNotUsed() throws IOException {
        Files.writeString(folder.resolve("glance.json"), "{\"experts\": false}");
        assertThat(OwnExperts.of(model, PlanJson.find("glance"))).isEmpty();
        assertThat(OwnExperts.carried(model, PlanJson.find("glance")))
                .as("if asked for")
                .hasSize(2);
    }

    @Test
    void modelWithoutExperts_hasNone() throws IOException {
        Path bare = Files.createDirectory(folder.resolve("bare"));
        Files.writeString(bare.resolve("model_index.json"), "{\"_class_name\": \"X\"}");
        assertThat(OwnExperts.of(ModelFolder.open(bare), PlanJson.find("glance"))).isEmpty();
    }

    @Test
    void damagedExpert_isNamed() throws IOException {
        Files.writeString(slow, "nothing");
        assertThatThrownBy(() -> OwnExperts.of(model, PlanJson.find("glance")))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("slow.safetensors");
    }

    @Test
    void isOf_tellsOwnFromOthers() {
        assertThat(OwnExperts.isOf(model, Lora.of(slow))).isTrue();
        assertThat(OwnExperts.isOf(model, Lora.of(folder.resolve("a.safetensors")))).isFalse();
    }
}
