package glance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.Lora;
import glance.api.RequestException;
import glance.io.BuiltInModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names without a network; {@code glance.hub} has the tests with one. */
class HubTest {
    private static final String SLOW = "glance-tiny/experts/slow.safetensors";

    @TempDir private Path folder;
    private final Hub hub = new Hub().offline();

    @Test
    void model_builtInOrPath_isThat() {
        assertThat(hub.model("glance-tiny")).isEqualTo(BuiltInModel.path());
        assertThat(hub.model("none/x/y")).isEqualTo(Path.of("none/x/y"));
        assertThat(hub.model(folder.toString())).isEqualTo(folder);
    }

    @Test
    void model_folderOfTheHubsCache_isItsMainSnapshot() throws IOException {
        Path repo = folder.resolve("models--a--b");
        Path snapshot = Files.createDirectories(repo.resolve("snapshots/12"));
        Files.createDirectories(repo.resolve("snapshots/34"));
        Files.createDirectories(repo.resolve("refs"));
        Files.writeString(repo.resolve("refs/main"), "12");
        assertThat(hub.model(repo.toString())).isEqualTo(snapshot);
    }

    @Test
    void model_notInTheCache_isOneLineWhereThereIsNoNetwork() {
        assertThatThrownBy(() -> hub.model("some-one/none.at-all"))
                .hasMessageStartingWith("some-one/none.at-all: the cache ")
                .hasMessageEndingWith(
                        " does not have it; no network may be used here; glance-engine pull"
                                + " some-one/none.at-all fetches it");
        assertThatThrownBy(() -> hub.lora("some-one/none.at-all/x.safetensors:0.5"))
                .hasMessageStartingWith("some-one/none.at-all/x.safetensors: the cache ");
    }

    @Test
    void lora_ofTheBuiltInModel_isReadWithItsOptions() {
        assertThat(hub.lora(SLOW + ":0.5@slow"))
                .isEqualTo(
                        Lora.of(BuiltInModel.path().resolve("experts/slow.safetensors"))
                                .strength(0.5f)
                                .on("slow"));
        assertThat(hub.adapter(SLOW))
                .isEqualTo(BuiltInModel.path().resolve("experts/slow.safetensors"));
        assertThatThrownBy(() -> hub.lora("glance-tiny/experts/none.safetensors"))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("glance-tiny/experts/none.safetensors")
                .hasMessageContaining("no such file");
        assertThatThrownBy(() -> hub.lora("glance-tiny/../../x"))
                .hasMessageContaining("leads out of the built-in model");
    }

    @Test
    void lora_missingFile_isNoNameOfTheHub() {
        assertThatThrownBy(() -> hub.lora("styles/slow.safetensors:0.5"))
                .hasMessageContaining("no such file; expected FILE");
    }

    @Test
    void pull_whatIsNoNameOfTheHub_isRefused() {
        for (String name : new String[] {"glance-tiny", "src/main", "../x"}) {
            assertThatThrownBy(() -> hub.pull(name))
                    .isInstanceOf(RequestException.class)
                    .hasMessageContaining("'" + name + "' is no name of the hub");
        }
    }
}
