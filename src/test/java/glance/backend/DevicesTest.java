package glance.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.DeviceException;
import glance.api.DeviceOptions;
import glance.api.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DevicesTest {
    private static final DeviceOptions DEFAULTS = DeviceOptions.defaults();

    @Test
    void list_hasTheCpu() {
        assertThat(Devices.list())
                .filteredOn(info -> info.id().equals("cpu"))
                .singleElement()
                .satisfies(
                        info -> {
                            assertThat(info.problem()).isNull();
                            assertThat(info.memoryBytes()).isPositive();
                            assertThat(info.description()).contains("thread");
                        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "cpu:0"})
    void open_takesAKindWithOrWithoutIndex(String name) {
        try (Device device = Devices.open(name, DEFAULTS)) {
            assertThat(device.info().id()).isEqualTo("cpu");
        }
    }

    @Test
    void auto_opensAUsableDevice() {
        try (Device device = Devices.open("auto", DEFAULTS)) {
            assertThat(device.info().problem()).isNull();
        }
    }

    @Test
    void threads_areAsAsked() {
        try (Device device = Devices.open("cpu", new DeviceOptions(3, null))) {
            assertThat(device.info().description()).startsWith("3 threads, ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "tpu", "tpu:0", "CPU", " cpu", ":0"})
    void unknownKind_isNamedWithTheKindsThereAre(String name) {
        assertThatThrownBy(() -> Devices.open(name, DEFAULTS))
                .isInstanceOf(DeviceException.class)
                .hasMessageStartingWith("unknown device '" + name + "': expected auto or one of ")
                .hasMessageContaining("cpu");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"cpu:", "cpu:x", "cpu:-1", "cpu:1.5", "cpu:4294967295", "cpu:99999999999"})
    void indexThatIsNoNumber_isRefused(String name) {
        assertThatThrownBy(() -> Devices.open(name, DEFAULTS))
                .isInstanceOf(DeviceException.class)
                .hasMessage(
                        "device '"
                                + name
                                + "': expected an index such as 0 after ':', got '"
                                + name.substring(4)
                                + "'");
    }

    @Test
    void secondCpu_doesNotExist() {
        assertThatThrownBy(() -> Devices.open("cpu:1", DEFAULTS))
                .isInstanceOf(DeviceException.class)
                .hasMessage("there is one CPU device, cpu:0; got cpu:1");
    }

    @Test
    void cpu_refusesOtherComputeTypes() {
        assertThatThrownBy(() -> Devices.open("cpu", new DeviceOptions(0, Precision.BF16)))
                .isInstanceOf(DeviceException.class)
                .hasMessage(
                        "the CPU device computes in f32 (weights may have any float dtype), got"
                                + " BF16");
    }

    @Test
    void cpu_refusesNegativeThreads() {
        assertThatThrownBy(() -> Devices.open("cpu", new DeviceOptions(-1, null)))
                .isInstanceOf(DeviceException.class)
                .hasMessage("threads must be positive, got -1");
    }

    @Test
    void cpu_hasNoVariants() {
        DeviceOptions options = DeviceOptions.defaults().variant("linear", "mma");
        assertThatThrownBy(() -> Devices.open("cpu", options))
                .isInstanceOf(DeviceException.class)
                .hasMessage(
                        "the CPU device has one way to compute each operation; --variant needs a"
                                + " GPU (--device cuda)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "no-such-kind"})
    void warmUp_harmsNobody(String kind) {
        Devices.warmUp(kind);
        try (Device device = Devices.open("cpu", DEFAULTS)) {
            assertThat(device.info().problem()).isNull();
        }
    }
}
