package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StepBarTest {
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
        assertThat(StepBar.line("denoising 12/40", 0.3, DETAILS, 100))
                .isEqualTo(
                        "denoising 12/40 [========                  ], about 15 s left, 0.52 s/step,"
                                + " loss 0.1234, rate 3.0E-4");
        assertThat(StepBar.line("denoising 12/40", 0.5, DETAILS, 79))
                .isEqualTo(
                        "denoising 12/40, about 15 s left, 0.52 s/step, loss 0.1234, rate 3.0E-4");
        assertThat(StepBar.line("slow 12/40", 0.5, DETAILS, 39))
                .isEqualTo("slow 12/40, about 15 s left");
        assertThat(StepBar.line("denoising 12/40", 0.5, List.of(), 39))
                .isEqualTo("denoising 12/40 [===========          ]");
        assertThat(StepBar.line("denoising 12/40", 0.5, DETAILS, 9)).isEqualTo("denoising");
    }

    @Test
    void line_neverExceedsItsColumns() {
        for (int columns = 1; columns < 120; columns++) {
            assertThat(StepBar.line("comparing 1234/5678", 1, DETAILS, columns))
                    .hasSizeLessThanOrEqualTo(columns);
        }
    }

    @Test
    void estimate_isTheStepsLeftAtTheTimeThatIsShown() {
        StepBar bar = new StepBar(session, "denoising", 10);
        bar.step(1, 0, List.of()); // was kept, nothing had to be done
        bar.step(2, 2, List.of());
        bar.step(3, 4, List.of());
        assertThat(bar.state(List.of("slow")))
                .containsExactly("about 21 s left", "3.00 s/step", "slow");
        bar.step(10, 3, List.of());
        assertThat(bar.state(List.of())).containsExactly("3.00 s/step");
    }

    @Test
    void bar_onATerminal_staysInOneLine() {
        System.setProperty(Terminal.STDERR_PROPERTY, "true");
        try (StepBar bar = new StepBar(session, "denoising", 3)) {
            bar.stage(
                    "a stage with a name that is far longer than any terminal is wide ".repeat(4));
            for (int i = 1; i <= 3; i++) {
                bar.step(i, 0.5, List.of("word ".repeat(40)));
            }
        }
        String shown = err.toString(StandardCharsets.UTF_8);
        assertThat(shown).contains("denoising 3/3").endsWith("\r\u001b[K").doesNotContain("\n");
        for (String line : shown.split("\r")) {
            assertThat(line.replace("\u001b[K", "")).hasSizeLessThan(Terminal.columns());
        }
    }

    @Test
    void report_saysStepsOfEachPicture_andMemoryAsTrainingDoes() {
        PeakMemory peak = new PeakMemory(2L << 30, 300L << 20);
        assertThat(RunReport.line(4, 10, 20, 8.1, peak))
                .isEqualTo(
                        "4 pictures, 10 steps each (20 forward passes), in 8.10 s, peak memory 2.0"
                                + " GiB, tensors 300.0 MiB");
        assertThat(RunReport.line(1, 10, 10, 8.1, new PeakMemory(null, 300L << 20)))
                .isEqualTo(
                        "1 picture, 10 steps (10 forward passes), in 8.10 s, peak memory tensors"
                                + " 300.0 MiB");
    }
}
