package glance.cli.common;

import static org.assertj.core.api.Assertions.assertThat;

import glance.TrainingProgress;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private static final List<String> DETAILS =
            List.of("about 15 s left", "0.52 s/step", "loss 0.1234", "rate 3.0E-4");

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
    private final Session session = new Session(stream, stream, new StopRequest(), false);

    @AfterEach
    void forget() {
        System.clearProperty(Terminal.STDERR_PROPERTY);
    }

    @Test
    void line_hasWhatFits_mostImportantFirst() {
        assertThat(Progress.line("denoising 12/40", 0.3, DETAILS, 100))
                .isEqualTo(
                        "denoising 12/40 [========                  ], about 15 s left, 0.52 s/step,"
                                + " loss 0.1234, rate 3.0E-4");
        assertThat(Progress.line("denoising 12/40", 0.5, DETAILS, 79))
                .isEqualTo(
                        "denoising 12/40, about 15 s left, 0.52 s/step, loss 0.1234, rate 3.0E-4");
        assertThat(Progress.line("slow 12/40", 0.5, DETAILS, 39))
                .isEqualTo("slow 12/40, about 15 s left");
        assertThat(Progress.line("denoising 12/40", 0.5, List.of(), 39))
                .isEqualTo("denoising 12/40 [===========          ]");
        assertThat(Progress.line("denoising 12/40", 0.5, DETAILS, 9)).isEqualTo("denoising");
    }

    @Test
    void line_neverExceedsItsColumns() {
        for (int columns = 1; columns < 120; columns++) {
            assertThat(Progress.line("comparing 1234/5678", 1, DETAILS, columns))
                    .hasSizeLessThanOrEqualTo(columns);
        }
    }

    @Test
    void estimate_isTheStepsLeftAtTheTimeThatIsShown() {
        Progress progress = new Progress(session, "denoising");
        progress.progress(denoised(1, 10, 0, null)); // was kept, nothing had to be done
        progress.progress(denoised(2, 10, 2, null));
        progress.progress(denoised(3, 10, 4, null));
        assertThat(progress.state(List.of("slow")))
                .containsExactly("about 21 s left", "3.00 s/step", "slow");
        progress.progress(denoised(10, 10, 3, null));
        assertThat(progress.state(List.of())).containsExactly("3.00 s/step");
    }

    @Test
    void bar_onATerminal_staysInOneLine() {
        System.setProperty(Terminal.STDERR_PROPERTY, "true");
        try (Progress progress = new Progress(session, "denoising")) {
            progress.stage(
                    "a stage with a name that is far longer than any terminal is wide ".repeat(4));
            for (int i = 1; i <= 3; i++) {
                progress.progress(denoised(i, 3, 0.5, "word ".repeat(40)));
            }
        }
        assertOneLine("denoising 3/3");
    }

    @Test
    void phasesOfATraining_areTasksOfTheirOwn() {
        System.setProperty(Terminal.STDERR_PROPERTY, "true");
        try (Progress progress = new Progress(session, "training")) {
            progress.progress(new TrainingProgress("slow", 1, 2, 0.5f, 1e-3f, 1, 4, 12));
            progress.progress(new TrainingProgress("slow", 2, 2, 0.5f, 1e-3f, 1, 2, 6));
            assertThat(progress.secondsPerStep()).isEqualTo(3);
            progress.progress(new TrainingProgress("fast", 1, 2, 0.25f, 1e-3f, 1, 1, 1));
            assertThat(progress.seconds()).isEqualTo(1);
        }
        assertOneLine("slow 2/2", "loss 0.5000", "fast 1/2", "about 1.00 s left", "loss 0.2500");
    }

    @Test
    void workOnFiles_hasTheSameLook() {
        System.setProperty(Terminal.STDERR_PROPERTY, "true");
        try (Progress progress = new Progress(session, "resizing", "module")) {
            progress.next("blocks.0.attn.to_q", 0, 2);
            progress.next("blocks.0.attn.to_k", 1, 2);
            assertThat(progress.state(List.of("blocks.0.attn.to_k")))
                    .hasSize(3)
                    .anyMatch(detail -> detail.endsWith(" left"))
                    .anyMatch(detail -> detail.endsWith("/module"));
        }
        assertOneLine("resizing 0/2 [", "resizing 1/2, about ");
    }

    /** Many are finished together, and some calls finish none. */
    @Test
    void megabytes_haveARate() throws InterruptedException {
        System.setProperty(Terminal.STDERR_PROPERTY, "true");
        try (Progress progress = new Progress(session, "pulling", Progress.MEGABYTE)) {
            progress.next("a", 1_000, 3_000);
            Thread.sleep(100);
            progress.next("a", 1_000, 3_000);
            progress.next("a", 2_000, 3_000);
            assertThat(progress.secondsPerStep()).isBetween(100e-6, 1e-2);
            assertThat(progress.state(List.of()).get(1)).matches("\\d+\\.\\d MB/s");
        }
        assertOneLine("pulling 1000/3000 MB [", "pulling 2000/3000 MB [");
    }

    @Test
    void warning_standsAlone_andTheBarComesBack() {
        System.setProperty(Terminal.STDERR_PROPERTY, "true");
        try (Progress progress = new Progress(session, "denoising")) {
            progress.progress(denoised(1, 3, 0.5, null));
            progress.warning("too bright");
            progress.progress(denoised(2, 3, 0.5, null));
        }
        String all = err.toString(StandardCharsets.UTF_8);
        assertThat(all).contains("\r\u001b[Kglance-engine: warning: too bright\n");
        assertThat(all.substring(all.indexOf('\n'))).contains("denoising 2/3");
    }

    private void assertOneLine(String... parts) {
        String all = err.toString(StandardCharsets.UTF_8);
        assertThat(all).contains(parts).endsWith("\r\u001b[K").doesNotContain("\n");
        for (String line : all.split("\r")) {
            assertThat(line.replace("\u001b[K", "")).hasSizeLessThan(Terminal.columns());
        }
    }

    private static glance.Progress denoised(int done, int total, double seconds, String phase) {
        return new glance.Progress(0, done, total, phase, done, total, seconds, 0);
    }
}
