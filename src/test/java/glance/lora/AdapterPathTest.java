package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.Lora;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdapterPathTest {
    @TempDir private Path folder;

    private static List<Lora> expand(String text) {
        return AdapterPath.expand(List.of(Lora.parse(text)));
    }

    @Test
    void expand_folder_isTheAdapterInIt() throws IOException {
        Path peft = Files.createDirectory(folder.resolve("peft"));
        assertThatThrownBy(() -> expand(peft + ":2"))
                .hasMessageContaining("peft: is a folder without safetensors files");
        Path other = write(peft.resolve("a.safetensors"), Map.of());
        assertThat(expand(peft + ":2")).containsExactly(Lora.of(other).strength(2));
        write(peft.resolve("b.safetensors"), Map.of());
        assertThatThrownBy(() -> expand(peft.toString()))
                .hasMessageContaining("2 safetensors files; name one of them, such as a.safe");
        Path own = Files.createFile(peft.resolve("adapter_model.safetensors"));
        assertThat(expand(peft + "@slow")).containsExactly(Lora.of(own).on("slow"));
    }

    private static Path write(Path file, Map<String, String> metadata) {
        HostTensor one = HostFloats.tensor(DType.F32, Shape.of(1), 1f);
        SafetensorsWriter.write(file, Map.of("x", one), metadata);
        return file;
    }

    @Test
    void expand_folderOfATrainingRun_isEveryAdapterThatNamesItsPhase() throws IOException {
        Path run = Files.createDirectory(folder.resolve("run"));
        Path slow = write(run.resolve("slow.safetensors"), Map.of("glance.phase", "slow"));
        write(run.resolve("slow.checkpoint.safetensors"), Map.of("glance.run.phase", "slow"));
        assertThat(expand(run + ":2@1-5")).containsExactly(Lora.of(slow).strength(2).on("1-5"));
        assertThat(expand(run.toString())).containsExactly(Lora.of(slow));
        Path fast = write(run.resolve("fast.safetensors"), Map.of("glance.phase", "fast"));
        assertThat(expand(run + "/:0.5"))
                .containsExactly(Lora.of(fast).strength(0.5f), Lora.of(slow).strength(0.5f));
        assertThatThrownBy(() -> expand(run + "@1-5"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the folder holds 2 adapters")
                .hasMessageEndingWith("such as " + fast + "@1-5");
        assertThatThrownBy(() -> AdapterPath.file(run))
                .hasMessageContaining("2 safetensors files; name one of them");
    }
}
