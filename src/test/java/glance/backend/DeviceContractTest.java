package glance.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import glance.ops.Ops;
import glance.ops.parity.TestDevice;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What every device of this machine has to do besides operations. */
class DeviceContractTest {
    private static final Shape SHAPE = Shape.of(3, 257);

    @TestFactory
    Stream<DynamicTest> elapsedNanos_isTheTimeOfTheWork() {
        return onEveryDevice(
                ops -> {
                    Tensor x = ops.host().floats(SHAPE, new float[(int) SHAPE.numel()]);
                    long start = System.nanoTime();
                    long few = ops.device().elapsedNanos(() -> ops.add(x, x));
                    long outside = System.nanoTime() - start;
                    assertThat(few).isPositive().isLessThanOrEqualTo(outside);
                    long none = ops.device().elapsedNanos(() -> {});
                    long many = ops.device().elapsedNanos(() -> repeat(200, () -> ops.add(x, x)));
                    assertThat(many).isGreaterThan(none);
                });
    }

    @TestFactory
    Stream<DynamicTest> copy_movesBytes_andNothingElse() {
        return onEveryDevice(
                ops -> {
                    int[] values = new int[(int) SHAPE.numel()];
                    for (int i = 0; i < values.length; i++) {
                        values[i] = i;
                    }
                    Tensor ints = ops.host().ints(SHAPE, values);
                    Tensor target = ops.host().ints(SHAPE, new int[values.length]);
                    DeviceMemory memory = ops.device().memory();
                    memory.copy(ints.narrow(0, 2, 1), target.narrow(0, 1, 1));
                    int[] got = new int[values.length];
                    ops.host().bytes(target).asIntBuffer().get(got);
                    assertThat(got).startsWith(new int[257]).endsWith(new int[257]);
                    assertThat(got[257]).isEqualTo(514);
                    assertThat(got[513]).isEqualTo(770);

                    Tensor floats = ops.host().floats(Shape.of(2), 1.5f, -2);
                    Tensor copy = ops.empty(DType.F32, Shape.of(2));
                    memory.copy(floats, copy);
                    assertThat(ops.host().floats(copy).get(1)).isEqualTo(-2);
                });
    }

    private static void repeat(int times, Runnable work) {
        for (int i = 0; i < times; i++) {
            work.run();
        }
    }

    private static Stream<DynamicTest> onEveryDevice(Consumer<Ops> test) {
        return TestDevice.all().stream()
                .map(
                        device ->
                                DynamicTest.dynamicTest(
                                        device.toString(),
                                        () -> {
                                            if (device.problem() != null) {
                                                abort(device.problem());
                                            }
                                            try (Device open = device.open();
                                                    Ops ops = new Ops(open)) {
                                                test.accept(ops);
                                            }
                                        }));
    }
}
