package glance.ops.parity;

import static org.assertj.core.api.Assertions.assertThat;

import glance.backend.Device;
import glance.cases.Case;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The CPU device gives the same bits for any number of threads. */
class ThreadInvarianceTest {
    private static final OpenDevices DEVICES = new OpenDevices();

    @TestFactory
    Stream<DynamicTest> threeThreads_giveTheBitsOfOne() {
        return OpCases.large().map(c -> DynamicTest.dynamicTest(c.name(), () -> compare(c)));
    }

    private static void compare(Case opCase) {
        Device one = DEVICES.open(TestDevice.cpu(1));
        Device three = DEVICES.open(TestDevice.cpu(3));
        assertThat(Parity.run(three, opCase)).isEqualTo(Parity.run(one, opCase));
    }

    @AfterAll
    static void closeDevices() {
        DEVICES.close();
    }
}
