package glance.ops.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import glance.backend.Device;
import glance.cases.Arguments;
import glance.cases.Case;
import glance.op.Op;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Products of one x have together the bits that each has alone. */
class LinearsTest {
    private static final OpenDevices DEVICES = new OpenDevices();

    @TestFactory
    Stream<DynamicTest> eachProduct_hasTheBitsThatItHasAlone() {
        return devices().stream()
                .flatMap(
                        device ->
                                LinearCases.together()
                                        .map(
                                                c ->
                                                        DynamicTest.dynamicTest(
                                                                device + " " + c.name(),
                                                                () -> check(device, c))));
    }

    private static List<TestDevice> devices() {
        List<TestDevice> all = new ArrayList<>(TestDevice.all());
        TestDevice.all().stream()
                .filter(device -> !device.isReference())
                .forEach(device -> all.add(device.with("linear", "wgmma")));
        return all;
    }

    private static void check(TestDevice test, Case opCase) {
        if (test.problem() != null) {
            abort(test.problem());
        }
        Device device = DEVICES.open(test);
        try (Arguments arguments = new Arguments(device, opCase.name())) {
            arguments.evaluate(opCase);
            Op.Linears together =
                    arguments.history().ops().stream()
                            .filter(Op.Linears.class::isInstance)
                            .map(Op.Linears.class::cast)
                            .findFirst()
                            .orElseThrow();
            for (Op.Linear member : together.members()) {
                expectTheBitsAlone(arguments.ops(), member);
            }
        }
    }

    private static void expectTheBitsAlone(Ops ops, Op.Linear member) {
        Tensor alone = ops.empty(member.out().dtype(), member.out().shape());
        ops.run(
                new Op.Linear(
                        member.x(),
                        member.weight(),
                        member.bias(),
                        member.lora(),
                        member.epilogue(),
                        alone));
        assertThat(ops.host().bytes(member.out())).isEqualTo(ops.host().bytes(alone));
    }

    @AfterAll
    static void closeDevices() {
        DEVICES.close();
    }
}
