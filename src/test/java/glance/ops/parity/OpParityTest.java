package glance.ops.parity;

import static org.junit.jupiter.api.Assumptions.abort;

import glance.backend.Device;
import glance.cases.Case;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every operation on every device of this machine against float64. While working on a kernel,
 * {@code -Dglance.cases=norm} runs only the cases with that in their names.
 */
class OpParityTest {
    private static final String WANTED = System.getProperty("glance.cases", "");

    private static final OpenDevices DEVICES = new OpenDevices();

    @TestFactory
    Stream<DynamicNode> everyOperation_equalsItsFormulaInFloat64() {
        List<Case> cases = OpCases.all().filter(c -> c.name().contains(WANTED)).toList();
        return TestDevice.all().stream().map(device -> onDevice(device, cases));
    }

    private static DynamicNode onDevice(TestDevice test, List<Case> cases) {
        if (test.problem() != null) {
            return DynamicTest.dynamicTest(test.toString(), () -> abort(test.problem()));
        }
        return DynamicContainer.dynamicContainer(
                test.toString(),
                cases.stream().map(c -> DynamicTest.dynamicTest(c.name(), () -> check(test, c))));
    }

    private static void check(TestDevice test, Case opCase) {
        Device device = DEVICES.open(test);
        try {
            Parity.check(device, opCase);
        } catch (UnsupportedOperationException refused) {
            if (test.isReference()) {
                throw refused;
            }
            abort(refused.getMessage());
        }
    }

    @AfterAll
    static void closeDevices() {
        DEVICES.close();
    }
}
