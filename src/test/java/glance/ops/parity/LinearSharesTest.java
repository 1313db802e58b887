package glance.ops.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import glance.backend.Device;
import glance.cases.Arguments;
import glance.cases.Case;
import glance.cases.LinearCase;
import glance.op.Op;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Samples with different adapters have in one product the bits that they have alone. */
class LinearSharesTest {
    private static final OpenDevices DEVICES = new OpenDevices();

    @TestFactory
    Stream<DynamicTest> eachShare_hasTheBitsThatItHasAlone() {
        return TestDevice.all().stream()
                .flatMap(
                        device ->
                                cases().map(LinearCases::toCase)
                                        .map(
                                                c ->
                                                        DynamicTest.dynamicTest(
                                                                device + " " + c.name(),
                                                                () -> check(device, c))));
    }

    private static Stream<LinearCase> cases() {
        return Stream.concat(
                LinearCases.shares(),
                Stream.of(DType.F8_E4M3, DType.I8, DType.Q4_0).flatMap(NarrowWeightCases::shares));
    }

    private static void check(TestDevice test, Case opCase) {
        if (test.problem() != null) {
            abort(test.problem());
        }
        Device device = DEVICES.open(test);
        try (Arguments arguments = new Arguments(device, opCase.name())) {
            arguments.evaluate(opCase);
            Op.Linear together = product(arguments);
            assertThat(together.loras()).hasSizeGreaterThan(1);
            for (int share = 0; share < together.loras().size(); share++) {
                expectTheBitsAlone(arguments.ops(), together.share(share));
            }
        }
    }

    private static Op.Linear product(Arguments arguments) {
        return arguments.history().ops().stream()
                .filter(Op.Linear.class::isInstance)
                .map(Op.Linear.class::cast)
                .findFirst()
                .orElseThrow();
    }

    /**
     * @param share with the results of the whole product
     */
    private static void expectTheBitsAlone(Ops ops, Op.Linear share) {
        Tensor alone = ops.empty(share.out().dtype(), share.out().shape());
        ops.run(
                new Op.Linear(
                        share.x(),
                        share.weight(),
                        share.bias(),
                        share.lora(),
                        share.epilogue(),
                        alone));
        assertThat(ops.host().bytes(share.out())).isEqualTo(ops.host().bytes(alone));
    }

    @AfterAll
    static void closeDevices() {
        DEVICES.close();
    }
}
