package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import glance.cli.common.ExitCode;
import glance.cli.common.StopRequest;
import glance.fixtures.Fixture;
import glance.fixtures.TinyDit;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinyFlux2;
import glance.fixtures.TinyKrea2;
import glance.fixtures.TinyQwenImageEdit;
import glance.fixtures.TinySd3;
import glance.fixtures.TinyZImage;
import glance.io.Images;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every number of every config of every family, with a value that nobody means. */
class HostileConfigTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String REFERENCE = "reference.png";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** They take turns from number to number; their count is prime, so that all meet all. */
    private static final List<String> VALUES =
            List.of(
                    "1000000000",
                    "-1",
                    "1e300",
                    "2147483647",
                    "0",
                    "NaN",
                    "9223372036854775807",
                    "\"8\"",
                    "4096",
                    "[[[[[[1]]]]]]",
                    "1e38");

    @TempDir private Path folder;

    /** The encoders and the autoencoder of FLUX and DiT are those of SD3. */
    @ParameterizedTest
    @CsvSource({
        "qwen, 'scheduler,text_encoder,transformer,vae'",
        "sd3, 'scheduler,text_encoder,text_encoder_3,tokenizer,transformer,vae'",
        "flux, 'scheduler,transformer'",
        "flux2, 'text_encoder,transformer,vae'",
        "z-image, 'scheduler,transformer'",
        "krea-2, transformer",
        "edit, 'processor,text_encoder'",
        "dit, 'scheduler,transformer'"
    })
    void anyNumber_worksOrIsRefusedInOneLine(String family, String components) throws IOException {
        Path model = model(family);
        int turn = 0;
        for (String component : components.split(",")) {
            for (Path config : configs(model.resolve(component))) {
                String whole = Files.readString(config);
                for (int i = 0; i < numbers(JSON.readTree(whole)).size(); i++) {
                    JsonNode root = JSON.readTree(whole);
                    Place place = numbers(root).get(i);
                    String value = VALUES.get(turn++ % VALUES.size());
                    place.set().accept(value);
                    Files.writeString(config, JSON.writeValueAsString(root));
                    String what = config + ": " + place.key() + " = " + value;
                    assertTimeoutPreemptively(
                            LIMIT, () -> requireAnswer(model, family, what), what);
                }
                Files.writeString(config, whole);
            }
        }
        assertThat(turn).isGreaterThan(5);
    }

    @ParameterizedTest
    @CsvSource({
        "qwen, transformer, num_layers",
        "qwen, vae, num_res_blocks",
        "flux, transformer, num_single_layers",
        "sd3, transformer, num_attention_heads",
        "sd3, text_encoder, num_hidden_layers",
        "sd3, vae, layers_per_block",
        "dit, transformer, num_layers"
    })
    void layersBeyondAllBounds_areRefusedByTheirKey(String family, String component, String key)
            throws IOException {
        Path model = model(family);
        String prompt = prompt(family);
        Path config = model.resolve(component).resolve("config.json");
        ObjectNode root = (ObjectNode) JSON.readTree(Files.readString(config));
        for (int count : new int[] {1_000_000_000, Integer.MAX_VALUE}) {
            Files.writeString(config, JSON.writeValueAsString(root.put(key, count)));
            assertThat(errors(model, prompt))
                    .singleElement()
                    .asString()
                    .contains(config + ": " + key + ": must be at most 4096, got " + count);
        }
        Files.writeString(config, JSON.writeValueAsString(root.put(key, 4096)));
        assertThat(errors(model, prompt))
                .singleElement()
                .asString()
                .contains(model.resolve(component).toString());
    }

    private void requireAnswer(Path model, String family, String what) {
        List<String> errors = errors(model, prompt(family));
        assertThat(errors).as(what).hasSizeLessThan(2);
        for (String error : errors) {
            assertThat(error)
                    .as(what)
                    .contains(model.toString())
                    .doesNotContain("bug in the engine");
        }
    }

    /** Where a number stands. */
    private record Place(String key, Consumer<String> set) {}

    private static List<Place> numbers(JsonNode node) {
        List<Place> found = new ArrayList<>();
        if (node instanceof ObjectNode object) {
            for (var entry : object.properties()) {
                if (entry.getValue().isNumber()) {
                    found.add(
                            new Place(
                                    entry.getKey(),
                                    v -> object.putRawValue(entry.getKey(), new RawValue(v))));
                }
                found.addAll(numbers(entry.getValue()));
            }
        } else if (node instanceof ArrayNode array) {
            // The entries of a list are read alike.
            if (!array.isEmpty() && array.get(0).isNumber()) {
                found.add(new Place("[0]", v -> array.setRawValue(0, new RawValue(v))));
            }
        }
        return found;
    }

    private static List<Path> configs(Path model) throws IOException {
        try (Stream<Path> files = Files.walk(model)) {
            return files.filter(f -> f.toString().endsWith("config.json")).sorted().toList();
        }
    }

    private static String prompt(String family) {
        return family.equals("dit") ? "1" : "a star";
    }

    /** The lines about errors: none if the picture was drawn. */
    private List<String> errors(Path model, String prompt) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        String size = prompt.equals("1") ? "16x16" : "32x32";
        String out = folder.resolve("out.png").toString();
        List<String> args =
                new ArrayList<>(List.of("generate", prompt, "--model", model.toString()));
        args.addAll(List.of("--plan", "uniform-1", "--seed", "1", "--no-lora", "--overwrite"));
        args.addAll(List.of("--size", size, "--out", out));
        Path reference = folder.resolve(REFERENCE);
        if (Files.exists(reference)) {
            args.addAll(List.of("--reference", reference.toString()));
        }
        int exit =
                Engine.run(
                        new PrintStream(OutputStream.nullOutputStream()),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        new StopRequest(),
                        args.toArray(String[]::new));
        List<String> errors =
                err.toString(StandardCharsets.UTF_8)
                        .lines()
                        .filter(line -> line.startsWith("glance-engine: error: "))
                        .toList();
        assertThat(exit).isEqualTo(errors.isEmpty() ? ExitCode.OK : ExitCode.FAILURE);
        return errors;
    }

    private Path model(String family) throws IOException {
        Path model = folder.resolve("model");
        switch (family) {
            case "flux" -> TinyFlux.dev(model);
            case "flux2" -> TinyFlux2.distilled(model);
            case "z-image" -> TinyZImage.turbo(model);
            case "krea-2" -> TinyKrea2.turbo(model);
            case "edit" -> {
                TinyQwenImageEdit.plus(model);
                // else nothing of what reads pictures is run
                BufferedImage picture = new BufferedImage(24, 16, BufferedImage.TYPE_INT_RGB);
                Images.writePng(folder.resolve(REFERENCE), picture, Map.of());
            }
            case "sd3" -> TinySd3.in(model);
            case "dit" -> TinyDit.in(model);
            default -> {
                try (Stream<Path> files = Files.walk(Fixture.tinyModel())) {
                    for (Path file : files.toList()) {
                        Path target =
                                model.resolve(Fixture.tinyModel().relativize(file).toString());
                        if (Files.isDirectory(file)) {
                            Files.createDirectories(target);
                        } else {
                            Files.copy(file, target);
                        }
                    }
                }
            }
        }
        return model;
    }
}
