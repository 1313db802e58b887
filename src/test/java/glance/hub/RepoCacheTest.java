package glance.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RepoCacheTest {
    @TempDir private Path folder;

    @Test
    void snapshot_folderOfTheCache_isTheMainOne() throws IOException {
        snapshot("1a");
        snapshot("2b");
        assertThatThrownBy(() -> HubFiles.snapshot(folder))
                .hasMessageContaining(
                        "without the snapshot of refs/main; give one of snapshots: [1a, 2b]");
        Files.createDirectory(folder.resolve("refs"));
        Files.writeString(folder.resolve("refs/main"), "2b\n");
        assertThat(HubFiles.snapshot(folder)).isEqualTo(folder.resolve("snapshots/2b"));
        Files.writeString(folder.resolve("refs/main"), "../..");
        assertThatThrownBy(() -> HubFiles.snapshot(folder)).hasMessageContaining("refs/main");
    }

    @Test
    void snapshot_folderWithOne_isThatOne() throws IOException {
        snapshot("1a");
        assertThat(HubFiles.snapshot(folder)).isEqualTo(folder.resolve("snapshots/1a"));
    }

    @Test
    void snapshot_anyOtherPath_isItself() {
        assertThat(HubFiles.snapshot(folder)).isEqualTo(folder);
        assertThat(HubFiles.snapshot(folder.resolve("none"))).isEqualTo(folder.resolve("none"));
    }

    private void snapshot(String commit) throws IOException {
        Files.createDirectories(folder.resolve("snapshots").resolve(commit));
    }
}
