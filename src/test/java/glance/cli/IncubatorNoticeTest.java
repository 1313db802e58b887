package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class IncubatorNoticeTest {
    private static final String NOTICE = "WARNING: Using incubator modules: jdk.incubator.vector";

    @Test
    void notice_isRemovedWithItsLineEnd() throws IOException {
        assertThat(filter(NOTICE + "\nglance-engine: hello\n", 4096))
                .isEqualTo("glance-engine: hello\n");
        assertThat(filter(NOTICE + "\r\nhello", 4096)).isEqualTo("hello");
    }

    @Test
    void notice_isRemovedAfterOtherLinesOfTheJvm() throws IOException {
        assertThat(filter("Picked up X\n" + NOTICE + "\nhello\n", 7))
                .isEqualTo("Picked up X\nhello\n");
    }

    @Test
    void notice_isRemovedOnce() throws IOException {
        assertThat(filter(NOTICE + "\n" + NOTICE + "\n", 4096)).isEqualTo(NOTICE + "\n");
    }

    @Test
    void similarLines_pass() throws IOException {
        for (String line :
                new String[] {
                    NOTICE + ", jdk.incubator.other\n",
                    " " + NOTICE + "\n",
                    NOTICE.substring(0, 20),
                    NOTICE,
                    NOTICE + "\r",
                    NOTICE + "\r\r\n",
                    "WARNING: something else\n"
                }) {
            assertThat(filter(line, 3)).isEqualTo(line);
        }
    }

    @Test
    void bytes_passAsTheyCome() throws Exception {
        PipedOutputStream writer = new PipedOutputStream();
        ByteArrayOutputStream seen = new ByteArrayOutputStream();
        try (PipedInputStream reader = new PipedInputStream(writer)) {
            CompletableFuture<Void> copying = CompletableFuture.runAsync(() -> copy(reader, seen));
            writer.write("\r 10%".getBytes(StandardCharsets.UTF_8));
            writer.flush();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            while (seen.size() < 5 && System.nanoTime() < deadline) {
                Thread.sleep(5);
            }
            assertThat(seen.toString(StandardCharsets.UTF_8)).isEqualTo("\r 10%");
            writer.close();
            copying.get(10, TimeUnit.SECONDS);
        }
    }

    @Property
    void streamsWithoutTheNotice_areUnchanged(
            @ForAll("lines") byte[] bytes, @ForAll @IntRange(min = 1, max = 64) int chunk)
            throws IOException {
        ByteArrayOutputStream to = new ByteArrayOutputStream();
        IncubatorNotice.copyWithout(new Chunks(bytes, chunk), to);
        assertThat(to.toByteArray()).isEqualTo(bytes);
    }

    /** Pieces of the notice, line ends and arbitrary bytes. */
    @Provide
    Arbitrary<byte[]> lines() {
        return Arbitraries.oneOf(
                        Arbitraries.integers()
                                .between(0, NOTICE.length() - 1)
                                .map(n -> NOTICE.substring(0, n)),
                        Arbitraries.of("\n", "\r\n", "\r", "WARNING"),
                        Arbitraries.strings().ofMaxLength(5))
                .list()
                .ofMaxSize(30)
                .map(parts -> String.join("", parts).getBytes(StandardCharsets.UTF_8));
    }

    private static String filter(String text, int chunk) throws IOException {
        ByteArrayOutputStream to = new ByteArrayOutputStream();
        IncubatorNotice.copyWithout(new Chunks(text.getBytes(StandardCharsets.UTF_8), chunk), to);
        return to.toString(StandardCharsets.UTF_8);
    }

    private static void copy(InputStream from, ByteArrayOutputStream to) {
        try {
            IncubatorNotice.copyWithout(from, to);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A stream that hands out a few bytes at a time, as a pipe may. */
    private static final class Chunks extends ByteArrayInputStream {
        private final int chunk;

        Chunks(byte[] bytes, int chunk) {
            super(bytes);
            this.chunk = chunk;
        }

        @Override
        public synchronized int read(byte[] buffer, int offset, int length) {
            return super.read(buffer, offset, Math.min(length, chunk));
        }
    }
}
