package glance.roofline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** benchmarks/peers/torch_kernels.py, as far as it goes without PyTorch. */
class TorchPeerTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 8, 64})
    void list_hasTheRowsOfTheEngine_inTheSameOrder(int shrink) throws Exception {
        List<String> names = new BenchSettings(new Scale(shrink), 1, null, false, 0).names();
        assertThat(names).doesNotHaveDuplicates();
        assertThat(peer("--list", "--shrink", String.valueOf(shrink))).isEqualTo(names);
    }

    private static List<String> peer(String... options) throws Exception {
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
        assertThat(process.exitValue()).as(text).isZero();
        return text.lines().toList();
    }
}
