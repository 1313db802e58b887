package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JavaRuntimeTest {
    @TempDir private Path folder;

    @Test
    void modules_areFoundByTheirWholeName() throws IOException {
        Path release =
                release("JAVA_VERSION=\"17\"\nMODULES=\"java.base jdk.jfr\"\nOS=\"Linux\"\n");
        assertThat(JavaRuntime.isListed(release.toFile(), "java.base")).isTrue();
        assertThat(JavaRuntime.isListed(release.toFile(), "jdk.jfr")).isTrue();
        assertThat(JavaRuntime.isListed(release.toFile(), "jdk")).isFalse();
        assertThat(JavaRuntime.isListed(release.toFile(), "Linux")).isFalse();
    }

    @Test
    void fileThatListsNone_orIsMissing_listsNoModule() throws IOException {
        assertThat(JavaRuntime.isListed(release("OS=\"Linux\"").toFile(), "Linux")).isFalse();
        assertThat(JavaRuntime.isListed(release("MODULES=\"java.b").toFile(), "java.b")).isFalse();
        assertThat(JavaRuntime.isListed(folder.resolve("none").toFile(), "java.base")).isFalse();
    }

    @Test
    void runtimeOfThisTest_hasItsModules() {
        assertThat(JavaRuntime.hasModule("java.base")).isTrue();
        assertThat(JavaRuntime.hasModule("no.such.module")).isFalse();
    }

    private Path release(String text) throws IOException {
        return Files.writeString(folder.resolve("release"), text);
    }
}
