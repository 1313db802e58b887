package glance.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import glance.api.CancelledException;
import glance.api.DeviceException;
import glance.api.RequestException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;
import org.junit.jupiter.api.Test;

class FailuresTest {
    @Test
    void rows_areToBlameForWhatTheyAskFor() {
        Failures.requireOfRow(new RequestException("size: too large"));
        Failures.requireOfRow(DeviceException.outOfMemory("no room", null));
        Failures.requireOfRow(new IllegalStateException("a bug that one prompt meets"));
    }

    @Test
    void rows_areNotToBlameForTheirMachine() {
        for (RuntimeException e :
                new RuntimeException[] {
                    new DeviceException("the GPU fell off the bus"),
                    new UncheckedIOException(new IOException("no space left")),
                    new CancelledException()
                }) {
            assertThatThrownBy(() -> Failures.requireOfRow(e)).isSameAs(e);
        }
    }

    @Test
    void files_thatNoMachineCouldRead_areTheFaultOfTheRow() throws Exception {
        Configuration conf = new Configuration(false);
        IOException scheme =
                catchThrowableOfType(
                        IOException.class, () -> new Path("none://a/b.png").getFileSystem(conf));
        for (IOException e :
                List.of(
                        scheme,
                        new AccessDeniedException("s3a://other/b.png"),
                        new AccessControlException("no leave"),
                        new NoSuchFileException("b.png"))) {
            assertThat(Failures.ofFile("picture: b.png", e))
                    .isInstanceOf(RequestException.class)
                    .hasMessageStartingWith("picture: b.png cannot be read: ");
        }
        assertThat(Failures.ofFile("picture: b.png", new IOException("no answer")))
                .isInstanceOf(UncheckedIOException.class);
    }

    @Test
    void answersOfTheHub_areTheFaultOfTheRow() throws Exception {
        Class<?> type = Class.forName("glance.hub.HubException");
        var constructor = type.getDeclaredConstructor(String.class);
        constructor.setAccessible(true);
        IOException answer = (IOException) constructor.newInstance("no such repository");
        assertThat(Failures.ofFile("lora: 'a/b'", answer)).isInstanceOf(RequestException.class);
    }

    @Test
    void reason_isOneLine() {
        assertThat(Failures.reason(new RequestException("a\n  b"))).isEqualTo("a b");
        assertThat(Failures.reason(new IllegalStateException("odd")))
                .isEqualTo("bug in the engine: java.lang.IllegalStateException: odd");
    }

    @Test
    void endOfAJob_isToldInTheWordsOfTheExecutor() {
        String spark =
                "Job aborted due to stage failure: Task 0 in stage 3.0 failed 4 times, most recent"
                        + " failure: Lost task 0.3 in stage 3.0 (TID 8) (10.0.0.7 executor 1):"
                        + " org.apache.spark.SparkException: [TASK_WRITE_FAILED] Task failed\n\tat"
                        + " x.y(Z.scala:1)\nCaused by: glance.api.FormatException: /m: no model\n";
        assertThat(Failures.ofJob(new RuntimeException(spark))).isEqualTo("/m: no model");
        String other = spark.replace("glance.api.FormatException: /m", "java.io.IOException: /n");
        assertThat(Failures.ofJob(new RuntimeException(other)))
                .isEqualTo("java.io.IOException: /n: no model");
        assertThat(Failures.ofJob(new RuntimeException("plain"))).isEqualTo("plain");
        assertThat(Failures.ofJob(new RuntimeException(new RequestException("inner"))))
                .isEqualTo("inner");
    }
}
