package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class SafeWriteTest {
    @TempDir private Path folder;

    @Test
    void create_writesANewFileAndNeverReplacesOne() throws IOException {
        Path file = folder.resolve("a");
        assertThat(SafeWrite.create(file, bytes("first"))).isTrue();
        assertThat(SafeWrite.create(file, bytes("second"))).isFalse();
        assertThat(file).hasContent("first");
        assertThat(folder.toFile().list()).containsExactly("a");
    }

    @Test
    void create_linkToNothing_isTaken() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("a"), folder.resolve("none"));
        assertThat(SafeWrite.create(link, bytes("x"))).isFalse();
        assertThat(folder.resolve("none")).doesNotExist();
    }

    @Test
    void create_byManyAtOnce_succeedsOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            for (int round = 0; round < 20; round++) {
                Path file = folder.resolve("f" + round);
                Callable<Boolean> create = () -> SafeWrite.create(file, bytes("x"));
                int made = 0;
                for (Future<Boolean> result :
                        threads.invokeAll(List.of(create, create, create, create))) {
                    made += result.get() ? 1 : 0;
                }
                assertThat(made).isEqualTo(1);
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void stream_fullDevice_saysSo() {
        assertThatThrownBy(() -> SafeWrite.stream(Path.of("/dev/full"), bytes("x")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContainingAll("/dev/full", "(No space left on device)");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
