package glance.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubNameTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @CsvSource({
        "Qwen/Qwen-Image,            Qwen/Qwen-Image, main,      ",
        "some_one/any.model_2,       some_one/any.model_2, main, ",
        "a/b@v1.0,                   a/b, v1.0,                  ",
        "a/b@refs/pr/1,              a/b, refs/pr/1,             ",
        "a/b/x.safetensors,          a/b, main,      x.safetensors",
        "a/b/deep/er/x.safetensors,  a/b, main, deep/er/x.safetensors"
    })
    void of_names(String text, String repo, String revision, String file) {
        assertThat(HubName.of(text)).contains(new HubName(repo, revision, file));
        assertThat(HubName.of(text)).get().hasToString(text);
    }

    /** Nor what seems to be meant as a path of this machine: src exists here. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "./x/y",
                "/none/x",
                "x/",
                "../x",
                "x/..",
                "a/b--c",
                "a/.b",
                "a/b/../c",
                "a/b/",
                "a/b//c",
                "a/b@",
                "a/b@../c",
                "a/b@/c",
                "a/b/c\u0007",
                "a b/c",
                "C:/x",
                "a\\b",
                "src/none",
                "styles/mine.safetensors",
                "a/b/c\\..\\d"
            })
    void of_othersAreNoNames(String text) {
        assertThat(HubName.of(text)).isEmpty();
    }

    @Test
    void ofCached_isTheNameOfWhatMainMeans() throws IOException {
        Path repo = folder.resolve("models--some-one--a.b");
        Path file = repo.resolve("snapshots/12/deep/x.safetensors");
        Files.createDirectories(file.getParent());
        Files.createFile(file);
        assertThat(HubName.ofCached(file)).isEmpty();
        Files.createDirectories(repo.resolve("refs"));
        Files.writeString(repo.resolve("refs/main"), "12");
        assertThat(HubName.ofCached(file)).hasToString("Optional[some-one/a.b/deep/x.safetensors]");
        Files.writeString(repo.resolve("refs/main"), "34");
        assertThat(HubName.ofCached(file)).isEmpty();
        assertThat(HubName.ofCached(folder.resolve("x.safetensors"))).isEmpty();
    }
}
