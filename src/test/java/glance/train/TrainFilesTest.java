package glance.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.RequestException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainFilesTest {
    private static final List<String> PHASES = List.of("slow", "fast");

    @TempDir private Path folder;

    @Test
    void overwrite_keepsWhatIsThereUntilTrainingBegins() throws IOException {
        Path old = Files.writeString(folder.resolve("fast.safetensors"), "a night's work");
        Path foreign = Files.writeString(folder.resolve("notes.txt"), "mine");
        TrainFiles files = new TrainFiles(folder, PHASES, false, true);
        assertThat(old).exists();
        files.prepare(false).close();
        assertThat(old).doesNotExist();
        assertThat(foreign).exists();
    }

    @Test
    void resume_keepsEverything() throws IOException {
        Path old = Files.writeString(folder.resolve("slow.checkpoint.safetensors"), "state");
        new TrainFiles(folder, PHASES, true, false).prepare(false).close();
        assertThat(old).exists();
    }

    @Test
    void newFolder_isMadeWhenTrainingBegins() throws IOException {
        Path deep = folder.resolve("a/b");
        TrainFiles files = new TrainFiles(deep, PHASES, false, false);
        assertThat(folder.resolve("a")).doesNotExist();
        files.prepare(true).close();
        assertThat(files.sample("slow", 20).getParent()).isEqualTo(deep.resolve("samples"));
        assertThat(deep.resolve("samples")).isDirectory();
    }

    @Test
    void whatIsThereAlready_isRefused() throws IOException {
        Files.writeString(folder.resolve("slow.csv"), "");
        TrainFiles files = new TrainFiles(folder, PHASES, false, false);
        assertThat(files.taken()).contains(folder.resolve("slow.csv"));
        assertThatThrownBy(files::requireFree)
                .isInstanceOf(RequestException.class)
                .hasMessageContainingAll("holds slow.csv already", "resume", "overwrite");
        assertThatThrownBy(() -> new TrainFiles(folder.resolve("slow.csv"), PHASES, false, false))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("is a file; give a folder");
    }

    @Test
    void secondRun_isRefusedWhileTheFirstTrains() throws IOException {
        TrainFiles second = new TrainFiles(folder, PHASES, false, false);
        try (TrainLock lock = new TrainFiles(folder, PHASES, false, false).prepare(false)) {
            assertThatThrownBy(() -> second.prepare(false))
                    .isInstanceOf(RequestException.class)
                    .hasMessageContainingAll(folder.toString(), "another run trains into");
        }
        second.prepare(false).close();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void filesThatAppearBeforeTheRunBegins_areRefused() throws IOException {
        TrainFiles files = new TrainFiles(folder, PHASES, false, false);
        Path foreign = Files.writeString(folder.resolve("slow.safetensors"), "another run's");
        assertThatThrownBy(() -> files.prepare(false))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("holds slow.safetensors already");
        assertThat(foreign).exists();
    }
}
