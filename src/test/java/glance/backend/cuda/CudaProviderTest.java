package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceException;
import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.backend.Device;
import glance.backend.Devices;
import glance.backend.cuda.driver.Drivers;
import glance.backend.cuda.driver.EmulatedDriver;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CudaProviderTest {
    @Test
    void list_hasADeviceOrTheCause() {
        assertThat(Devices.list())
                .filteredOn(info -> info.id().startsWith("cuda") && !info.id().contains("emulated"))
                .isNotEmpty()
                .allMatch(info -> info.problem() != null || info.memoryBytes() > 0);
    }

    @Test
    void open_withoutAGpu_failsWithTheCause() {
        assumeTrue(Drivers.problem() != null, "there is a GPU");
        assertThatThrownBy(() -> Devices.open("cuda", DeviceOptions.defaults()))
                .isInstanceOf(DeviceException.class)
                .hasMessage("cuda:0: " + Drivers.problem());
    }

    @Test
    void auto_withoutAGpu_isTheCpu() {
        assumeTrue(Drivers.problem() != null, "there is a GPU");
        try (Device device = Devices.open("auto", DeviceOptions.defaults())) {
            assertThat(device.info().id()).isEqualTo("cpu");
        }
    }

    @Test
    void open_beyondTheLastGpu_fails() {
        assumeFalse(Drivers.problem() != null, "there is no GPU");
        assertThatThrownBy(() -> Devices.open("cuda:64", DeviceOptions.defaults()))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("the last is");
    }

    @Test
    void emulated_isNeverTheFirstChoice() {
        assertThat(Devices.list())
                .extracting(DeviceInfo::id)
                .containsSubsequence("cpu", "cuda-emulated");
    }

    @Test
    void device_saysWhichVariantsWereChosen() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        DeviceOptions options =
                new DeviceOptions(0, null, Map.of("linear", "plain", "conv2d", "cudnn"));
        try (Device device = Devices.open("cuda-emulated", options)) {
            assertThat(device.info().description()).endsWith(", conv2d=cudnn, linear=plain");
        }
    }
}
