package glance.roofline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** benchmarks/peers/torch_kernels.py, as far as it goes without PyTorch. */
class TorchPeerTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 64})
    void everyNameOfTheEngine_isUnderstood(int shrink) throws Exception {
        Path file = folder.resolve("names.txt");
        Files.write(file, names(shrink));
        assertThat(peer(0, "--list", "--names", file.toString())).isEqualTo(names(shrink));
    }

    /** To mend: glance-engine bench kernels --list > benchmarks/peers/kernels.txt. */
    @Test
    void namesBesideIt_areThoseOfTheEngine() throws Exception {
        assertThat(names(1)).doesNotHaveDuplicates();
        assertThat(peer(0, "--list")).isEqualTo(names(1));
    }

    @Test
    void unknownName_isRefused() throws Exception {
        Path file = folder.resolve("names.txt");
        Files.writeString(file, "linear.cubed.1x2x3\n");
        assertThat(peer(1, "--list", "--names", file.toString()))
                .containsExactly(
                        "torch_kernels: " + file + ": no kernel is called 'linear.cubed.1x2x3'");
    }

    private static List<String> names(int shrink) {
        return new BenchSettings(new Scale(shrink), 1, null, false, 0).names();
    }

    private static List<String> peer(int exit, String... options) throws Exception {
        ProcessBuilder builder = new ProcessBuilder("python3", "benchmarks/peers/torch_kernels.py");
        builder.command().addAll(List.of(options));
        Process process;
        try {
            process = builder.redirectErrorStream(true).start();
        } catch (IOException e) {
            return abort("no python3 on this machine");
        }
        byte[] output = process.getInputStream().readAllBytes();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        String text = new String(output, StandardCharsets.UTF_8);
        assertThat(process.exitValue()).as(text).isEqualTo(exit);
        return text.lines().toList();
    }
}
