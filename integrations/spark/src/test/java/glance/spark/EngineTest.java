package glance.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineTest {
    private static final String MODEL = "../../weights/glance-tiny";

    @TempDir Path folder;

    @AfterEach
    void close() {
        Engine.closeAll();
    }

    private static Engine open(String model) {
        return Engine.of(model, "cpu", 1, () -> false);
    }

    @Test
    void engine_thatIsWhole_standsATrial() {
        Engine engine = open(MODEL);
        assertThat(engine.device()).isEqualTo("cpu");
        engine.requireWorks(() -> false);
        assertThat(engine.isClosed()).isFalse();
        assertThat(open(MODEL)).isSameAs(engine);
        engine.discard();
        assertThat(engine.isClosed()).isTrue();
        assertThat(open(MODEL)).isNotSameAs(engine);
    }

    @Test
    void engine_ofADamagedModel_isNoneThatWorks() throws Exception {
        copy(Path.of(MODEL), folder);
        cutWeights();
        assertThatThrownBy(() -> open(folder.toString()).requireWorks(() -> false))
                .isInstanceOf(FormatException.class);
    }

    /** As a disk that loses what was written last. */
    private void cutWeights() throws IOException {
        try (Stream<Path> tree = Files.walk(folder)) {
            List<Path> weights =
                    tree.filter(file -> file.toString().endsWith(".safetensors")).toList();
            assertThat(weights).isNotEmpty();
            for (Path file : weights) {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.truncate(channel.size() / 2);
                }
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> tree = Files.walk(from)) {
            for (Path path : tree.filter(Files::isRegularFile).toList()) {
                Path target = to.resolve(from.relativize(path));
                Files.createDirectories(target.getParent());
                Files.copy(path, target);
            }
        }
    }
}
