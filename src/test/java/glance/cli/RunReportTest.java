package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import glance.cli.common.PeakMemory;
import org.junit.jupiter.api.Test;

class RunReportTest {
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
