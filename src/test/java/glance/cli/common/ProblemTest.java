package glance.cli.common;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.DeviceException;
import glance.api.FormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ProblemTest {
    @Test
    void exceptionsOfTheEngine_areTakenAtTheirWord() {
        assertThat(Problem.describe(new DeviceException("no driver"))).isEqualTo("no driver");
        assertThat(Problem.describe(new FormatException(Path.of("f"), "k", "bad", "fetch it")))
                .isEqualTo("f: k: bad; fetch it");
        assertThat(Problem.describe(new IllegalArgumentException("attention: k must be 3")))
                .isEqualTo("attention: k must be 3");
    }

    @Test
    void exceptionsOfOthers_areBugs() {
        assertThat(Problem.describe(new NullPointerException("x is null")))
                .startsWith("bug in the engine: java.lang.NullPointerException: x is null")
                .contains("--verbose");
        NumberFormatException jdk = new NumberFormatException("For input string");
        assertThat(Problem.describe(jdk)).startsWith("bug in the engine");
        assertThat(Problem.describe(thrownByTheJdk())).startsWith("bug in the engine");
    }

    private static IllegalArgumentException thrownByTheJdk() {
        try {
            Thread.currentThread().setPriority(-1);
            throw new AssertionError();
        } catch (IllegalArgumentException e) {
            return e;
        }
    }

    @Test
    void fileErrors_nameFileAndReason() {
        assertThat(Problem.describe(new NoSuchFileException("a.txt")))
                .isEqualTo("a.txt: no such file");
        assertThat(Problem.describe(new UncheckedIOException(new AccessDeniedException("a.txt"))))
                .isEqualTo("a.txt: permission denied");
        IOException cause = new IOException("disk");
        assertThat(Problem.describe(new UncheckedIOException("a.png: cannot be written", cause)))
                .isEqualTo("a.png: cannot be written");
    }

    @Test
    void outOfMemory_saysTheLimitAndTheRemedy() {
        assertThat(Problem.describe(new OutOfMemoryError("Java heap space")))
                .contains("out of memory", "Java heap space", "MiB", "--size", "-Xmx");
    }

    @Test
    void messages_areOneLine() {
        assertThat(Problem.describe(new DeviceException("first\n  second\r\nthird")))
                .isEqualTo("first; second; third");
    }
}
