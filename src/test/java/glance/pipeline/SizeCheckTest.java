package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.DeviceException;
import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.api.Residency;
import glance.backend.Device;
import glance.backend.Devices;
import glance.cases.ForwardingDevice;
import glance.io.BuiltInModel;
import glance.io.ModelFolder;
import glance.ops.Ops;
import glance.schedule.PlanJson;
import java.util.List;
import org.junit.jupiter.api.Test;

class SizeCheckTest {
    private static final long MEBI = 1L << 20;

    private static Settings request(int width, int height, int batch, String plan) {
        return new Settings(
                List.of("x"),
                " ",
                0,
                batch,
                width,
                height,
                new Guidance(1, false),
                PlanJson.find(plan),
                List.of());
    }

    private static void check(long memoryBytes, Settings request) {
        try (Device cpu = Devices.open("cpu", new DeviceOptions(1, null));
                Ops ops = new Ops(new Small(cpu, memoryBytes))) {
            new Pipeline(ops, ModelFolder.open(BuiltInModel.path()), Residency.STREAM)
                    .check(request);
        }
    }

    /** A device with less memory than it has. */
    private static final class Small extends ForwardingDevice {
        private final long memoryBytes;

        Small(Device inner, long memoryBytes) {
            super(inner, inner.kernels());
            this.memoryBytes = memoryBytes;
        }

        @Override
        public DeviceInfo info() {
            return new DeviceInfo("small", "for tests", memoryBytes, null);
        }
    }

    @Test
    void pictureBeyondTheMemory_isRefusedWithTheLargestThatFits() {
        assertThatThrownBy(() -> check(24 * MEBI, request(512, 512, 1, "uniform-1")))
                .isInstanceOf(DeviceException.class)
                .hasMessageMatching(
                        "out of memory: a picture of 512x512 would need 0\\.\\d\\d GiB of 0\\.02 GiB on"
                                + " small; the largest size of this shape that works is"
                                + " (1\\d\\d)x\\1; on the CPU java -Xmx.*");
    }

    @Test
    void theSizeThatIsNamed_isAccepted_andKeepsTheShape() {
        String message = null;
        try {
            check(24 * MEBI, request(1024, 512, 1, "uniform-1"));
        } catch (DeviceException e) {
            message = e.getMessage();
        }
        String[] size = message.replaceFirst(".*works is (\\d+x\\d+).*", "$1").split("x");
        int width = Integer.parseInt(size[0]);
        int height = Integer.parseInt(size[1]);
        assertThat(width).isBetween(2 * height - 8, 2 * height + 8);
        assertThatCode(() -> check(24 * MEBI, request(width, height, 1, "uniform-1")))
                .doesNotThrowAnyException();
    }

    @Test
    void usualPictures_areNotForecast_butManyOfThemAre() {
        assertThatCode(() -> check(1, request(64, 64, 1, "glance"))).doesNotThrowAnyException();
        assertThatThrownBy(() -> check(1, request(64, 64, 2, "glance")))
                .hasMessageContainingAll("2 pictures of 64x64", "no size of this shape works");
    }

    @Test
    void pictureBeyondThePlan_isRefusedWithTheLargestThatHasSteps() {
        assertThatThrownBy(() -> check(Long.MAX_VALUE / 4, request(4096, 4096, 1, "glance")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(
                        "262144 image tokens", "the largest size of this shape that works is 3");
    }
}
