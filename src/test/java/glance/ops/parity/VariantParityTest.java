package glance.ops.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import glance.api.DeviceException;
import glance.backend.Device;
import glance.backend.KernelTable;
import glance.cases.Case;
import glance.cases.ForwardingDevice;
import glance.op.Op;
import glance.op.TrainingOp;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every variant of an operation against float64, on the cases that it takes and that a device does
 * not give it by itself (those are {@link OpParityTest}'s). On the emulated device, whose libraries
 * have cuBLAS's and cuDNN's conventions, this also proves how libraries are called.
 */
class VariantParityTest {
    private static final OpenDevices DEVICES = new OpenDevices();
    private static final int PLAIN_GRADIENTS = 2;

    /**
     * @param without a variant that the cases are not for, or null
     */
    private record Operation(
            String name, Class<? extends Op> kind, String without, List<Case> cases) {
        @SafeVarargs
        static Operation of(String name, Class<? extends Op> kind, Stream<Case>... cases) {
            return new Operation(name, kind, null, Stream.of(cases).flatMap(each -> each).toList());
        }

        Operation without(String variant) {
            return new Operation(name, kind, variant, cases);
        }
    }

    private static List<Operation> operations() {
        return List.of(
                Operation.of(
                                "linear",
                                Op.Linear.class,
                                LinearCases.cases(),
                                NarrowWeightCases.cases(),
                                LinearCases.large())
                        // it rounds activations: W8A8Test
                        .without("w8a8"),
                Operation.of("attention", Op.Attention.class, AttentionCases.cases()),
                Operation.of("conv2d", Op.Conv2d.class, Conv2dCases.cases(), Conv2dCases.large()),
                Operation.of(
                        "linear_grad",
                        TrainingOp.LinearGrad.class,
                        LinearInputCases.cases(),
                        LowRankGradCases.cases()),
                Operation.of(
                        "attention_grad",
                        TrainingOp.AttentionGrad.class,
                        // of bf16 by plain arithmetic, slow here, some are enough
                        AttentionGradCases.cases().limit(PLAIN_GRADIENTS)),
                Operation.of(
                                "attention_grad",
                                TrainingOp.AttentionGrad.class,
                                AttentionGradCases.cases().skip(PLAIN_GRADIENTS),
                                AttentionGradCases.tiles())
                        .without("plain"));
    }

    @TestFactory
    Stream<DynamicTest> everyVariant_equalsTheFormulaInFloat64() {
        return TestDevice.all().stream()
                .filter(device -> !device.isReference() && device.problem() == null)
                .flatMap(device -> operations().stream().map(operation -> on(device, operation)));
    }

    private static DynamicTest on(TestDevice device, Operation operation) {
        return DynamicTest.dynamicTest(
                operation.name() + " on " + device, () -> check(device, operation));
    }

    private static void check(TestDevice test, Operation operation) {
        KernelTable usual = DEVICES.open(test).kernels();
        int taken = 0;
        List<String> wrong = new ArrayList<>();
        for (String variant : usual.variants(operation.kind())) {
            if (variant.equals(operation.without())) {
                continue;
            }
            TestDevice chosen = test.with(operation.name(), variant);
            try {
                Device device = only(DEVICES.open(chosen), operation.kind(), variant, usual);
                taken += check(device, operation, variant, wrong);
            } catch (DeviceException e) {
                // a library that this machine has not
            }
        }
        assertThat(wrong).isEmpty();
        if (taken == 0) {
            abort("on this device each case has one variant that takes it");
        }
    }

    private static int check(
            Device device, Operation operation, String variant, List<String> wrong) {
        int taken = 0;
        for (Case opCase : operation.cases()) {
            try {
                Parity.check(device, opCase);
                taken++;
            } catch (UnsupportedOperationException e) {
                // not for this variant
            } catch (AssertionError e) {
                wrong.add(variant + ": " + e.getMessage());
            }
        }
        return taken;
    }

    /**
     * The device, refusing what another variant would compute, or what this one computes anyway.
     */
    private static <O extends Op> Device only(
            Device device, Class<O> kind, String variant, KernelTable usual) {
        KernelTable all = device.kernels();
        KernelTable table = new KernelTable();
        all.kinds().forEach(other -> forward(table, all, other));
        table.with(
                kind,
                op -> {
                    if (!variant.equals(all.variant(op)) || variant.equals(usual.variant(op))) {
                        throw new UnsupportedOperationException("not for " + variant);
                    }
                    all.run(op);
                });
        return new ForwardingDevice(device, table);
    }

    private static <O extends Op> void forward(KernelTable table, KernelTable all, Class<O> kind) {
        table.with(kind, all::run);
    }

    @AfterAll
    static void closeDevices() {
        DEVICES.close();
    }
}
