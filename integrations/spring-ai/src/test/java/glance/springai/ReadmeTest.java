package glance.springai;

import static org.assertj.core.api.Assertions.assertThat;

import example.Stars;
import glance.Glance;
import glance.Model;
import glance.api.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The example of README is {@link Stars}, and works. Tests run in the folder target. */
class ReadmeTest {
    private static String text(String file) throws IOException {
        return Files.readString(Path.of("..", file));
    }

    @Test
    void example_isThatOfReadme_andDraws() throws Exception {
        assertThat(text("README.md"))
                .contains("```java\n" + text("src/test/java/example/Stars.java") + "```\n");
        Path picture = Path.of("stars.png");
        Files.deleteIfExists(picture);
        Stars.main(new String[0]);
        try (Glance glance = Glance.open();
                Model model = glance.builtIn()) {
            Request request = Request.of("three blue stars on a white background").seed(42);
            assertThat(picture).hasBinaryContent(model.draw(request).get(0).png());
        }
    }

    @Test
    void dependency_isThisArtifact() throws IOException {
        String coordinates =
                """
                <groupId>io.glance</groupId>
                  <artifactId>glance-spring-ai</artifactId>
                  <version>0.1.0</version>
                """;
        assertThat(text("README.md")).contains(coordinates);
        assertThat(text("pom.xml")).contains(coordinates);
    }
}
