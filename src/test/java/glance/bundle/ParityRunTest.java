package glance.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import glance.ops.parity.OpCases;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The programs of the bundle, on the devices that there are without a GPU. */
class ParityRunTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @Test
    void run_countsEveryCase() {
        ParityRun.Result result = run("cpu", "^gateResidual|^timestep").get(0);
        long expected =
                OpCases.all().filter(c -> c.name().matches("(gateResidual|timestep).*")).count();
        assertThat(expected).isPositive();
        assertThat(result.passed()).isEqualTo((int) expected);
        assertThat(result.failures()).isEmpty();
        assertThat(out.toString()).contains("cpu in F32: " + expected + " passed, 0 failed");
    }

    @Test
    void difference_isPerChannel() {
        BufferedImage a = new BufferedImage(2, 1, BufferedImage.TYPE_INT_RGB);
        BufferedImage b = new BufferedImage(2, 1, BufferedImage.TYPE_INT_RGB);
        b.setRGB(1, 0, 0x060300);
        assertThat(PictureDifference.between(a, b))
                .isEqualTo(new PictureDifference.Difference(1.5, 6));
    }

    private List<ParityRun.Result> run(String device, String only) {
        return new ParityRun(new PrintStream(out, true), Pattern.compile(only)).run(device);
    }
}
