package example;

import glance.springai.GlanceImageOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

@SpringBootApplication
public class Stars {
    public static void main(String[] args) {
        SpringApplication.run(Stars.class, args);
    }

    @Bean
    CommandLineRunner draw(ImageModel images) {
        return args -> {
            GlanceImageOptions options = GlanceImageOptions.builder().seed(42L).build();
            String picture =
                    images.call(new ImagePrompt("three blue stars on a white background", options))
                            .getResult()
                            .getOutput()
                            .getB64Json();
            Files.write(Path.of("stars.png"), Base64.getDecoder().decode(picture));
        };
    }
}
