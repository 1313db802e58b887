package glance.ops.parity;

import static org.junit.jupiter.api.Assumptions.abort;

import glance.api.MathLibrary;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What a library computes in place of our kernels, against float64. On the emulated device, whose
 * library has cuBLAS's and cuDNN's conventions, this proves how they are called.
 */
class LibraryParityTest {
    private static final OpenDevices DEVICES = new OpenDevices();

    @TestFactory
    Stream<DynamicNode> products_byCublas() {
        return on(MathLibrary.CUBLAS, Stream.concat(LinearCases.cases(), LinearCases.large()));
    }

    @TestFactory
    Stream<DynamicNode> convolutions_byCudnn() {
        return on(MathLibrary.CUDNN, Stream.concat(Conv2dCases.cases(), Conv2dCases.large()));
    }

    private static Stream<DynamicNode> on(MathLibrary library, Stream<OpCase> cases) {
        List<OpCase> all = cases.toList();
        return TestDevice.with(library).stream().map(device -> on(device, all));
    }

    private static DynamicNode on(TestDevice device, List<OpCase> cases) {
        if (device.problem() != null) {
            return DynamicTest.dynamicTest(device.toString(), () -> abort(device.problem()));
        }
        return DynamicContainer.dynamicContainer(
                device.toString(),
                cases.stream()
                        .map(
                                c ->
                                        DynamicTest.dynamicTest(
                                                c.name(),
                                                () -> Parity.check(DEVICES.open(device), c))));
    }

    @AfterAll
    static void closeDevices() {
        DEVICES.close();
    }
}
