package example;

import dev.langchain4j.data.image.Image;
import glance.langchain4j.GlanceImageModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

public class Stars {
    public static void main(String[] args) throws Exception {
        try (GlanceImageModel model = GlanceImageModel.builder().seed(42).build()) {
            Image image = model.generate("three blue stars on a white background").content();
            Files.write(Path.of("stars.png"), Base64.getDecoder().decode(image.base64Data()));
        }
    }
}
