package glance.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import glance.backend.Device;
import glance.backend.DryDevice;
import glance.backend.Replay;
import glance.cases.NotingDevice;
import glance.lora.BaseWeights;
import glance.lora.ExpertSet;
import glance.ops.parity.TestDevice;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** One thread, until it is closed: operations, their scopes and what they made. */
class OwnershipTest {
    private static final Shape PAIR = Shape.of(2);

    @TestFactory
    Stream<DynamicTest> everything_fromAnotherThread_isRefused() {
        return onEveryDevice(
                (device, ops) -> {
                    Tensor x = pair(ops);
                    Map<String, ThrowingCallable> uses = uses(ops, ops.scope(), x);
                    uses.put("close", ops::close);
                    uses.forEach(
                            (name, use) ->
                                    assertThatThrownBy(() -> inThread("intruder", use))
                                            .as(name)
                                            .isInstanceOf(IllegalStateException.class)
                                            .hasMessageContaining(Thread.currentThread().getName())
                                            .hasMessageContaining("intruder"));
                    ops.add(x, x); // the owner may go on
                });
    }

    @TestFactory
    Stream<DynamicTest> everything_afterClose_isRefused() {
        return onEveryDevice(
                (device, ops) -> {
                    Map<String, ThrowingCallable> uses = uses(ops, ops.scope(), pair(ops));
                    ops.close();
                    ops.close();
                    assertThat(device.memory().stats().scratchBytes()).isZero();
                    uses.forEach(
                            (name, use) ->
                                    assertThatThrownBy(use)
                                            .as(name)
                                            .isInstanceOf(IllegalStateException.class)
                                            .hasMessageContaining("operations are closed"));
                });
    }

    @TestFactory
    Stream<DynamicTest> everythingThatReachesIt_afterCloseOfTheDevice_isRefused() {
        return onEveryDevice(
                (device, ops) -> {
                    Tensor x = pair(ops);
                    Tensor weight = ops.host().adopt(DType.F32, PAIR, ByteBuffer.allocate(8));
                    Scope scope = ops.scope();
                    Map<String, ThrowingCallable> uses = uses(ops, scope, x);
                    List.of("scope", "free", "keep", "checkpoint").forEach(uses::remove);
                    uses.put("allocate", () -> device.memory().allocate(DType.I32, 1));
                    uses.put("copy on the device", () -> device.memory().copy(x, x));
                    uses.put("synchronize", device::synchronize);
                    uses.put("time", () -> device.elapsedNanos(() -> {}));
                    Replay replay = ops.replay(() -> ops.copy(x, x));
                    uses.put("earlier replay", replay::run);
                    device.close();
                    device.close();
                    uses.forEach(
                            (name, use) ->
                                    assertThatThrownBy(use)
                                            .as(name)
                                            .isInstanceOf(IllegalStateException.class)
                                            .hasMessageContaining("is closed"));
                    assertThatCode(
                                    () -> {
                                        weight.storage().release();
                                        replay.close();
                                        scope.close();
                                        ops.close();
                                    })
                            .as("what is left is let go of")
                            .doesNotThrowAnyException();
                });
    }

    @Test
    void firstUse_givesThemToThatThread_notToTheOneThatMadeThem() {
        try (Device device = TestDevice.cpu(1).open()) {
            Ops ops = new Ops(device);
            inThread("worker", () -> pair(ops));
            assertThatThrownBy(() -> pair(ops)).hasMessageContaining("worker");
            // the worker has ended: nobody else could free what it left
            ops.close();
            assertThat(device.memory().stats().scratchBytes()).isZero();
        }
    }

    @Test
    void scope_afterItsClose_keepsNothing() {
        try (Device device = TestDevice.cpu(1).open();
                Ops ops = new Ops(device)) {
            Scope scope = ops.scope();
            Tensor x = pair(ops);
            scope.close();
            scope.close();
            assertThatThrownBy(() -> scope.keep(x))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("this scope is closed");
            assertThatThrownBy(() -> scope.free(x)).hasMessageContaining("this scope is closed");
        }
    }

    @Test
    void adapters_afterClose_areRefused() {
        try (Device device = TestDevice.cpu(1).open();
                Ops ops = new Ops(device)) {
            ExpertSet adapters =
                    new ExpertSet(ops, module -> true, module -> -1, BaseWeights.of(Map.of()));
            adapters.close();
            assertThatThrownBy(() -> adapters.perStep(1, List.of()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("experts are closed");
        }
    }

    /** Each way to use operations. */
    private static Map<String, ThrowingCallable> uses(Ops ops, Scope scope, Tensor x) {
        Map<String, ThrowingCallable> uses = new LinkedHashMap<>();
        uses.put("empty", () -> ops.empty(DType.F32, PAIR));
        uses.put("add", () -> ops.add(x, x));
        uses.put("copy", () -> ops.copy(x, x));
        uses.put("replay", () -> ops.replay(() -> ops.copy(x, x)).run());
        uses.put("checkpoint", () -> ops.checkpoint(List.of(x), List::of));
        uses.put("accumulate", () -> ops.training().accumulate(x, x));
        uses.put("norm", () -> ops.training().globalNorm(List.of(x)));
        uses.put("upload", () -> pair(ops));
        uses.put("download", () -> ops.host().floats(x));
        uses.put("write", () -> ops.host().write(ByteBuffer.allocate(8), x));
        uses.put("adopt", () -> ops.host().adopt(DType.F32, PAIR, ByteBuffer.allocate(8)));
        uses.put("scope", ops::scope);
        uses.put("free", () -> ops.free(x));
        uses.put("keep", () -> scope.keep(x));
        return uses;
    }

    private static Tensor pair(Ops ops) {
        return ops.host().floats(PAIR, 1, 2);
    }

    private static void inThread(String name, ThrowingCallable work) {
        Throwable[] failure = new Throwable[1];
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                work.call();
                            } catch (Throwable e) {
                                failure[0] = e;
                            }
                        },
                        name);
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        if (failure[0] instanceof RuntimeException e) {
            throw e;
        }
        assertThat(failure[0]).isNull();
    }

    private static Stream<DynamicTest> onEveryDevice(BiConsumer<Device, Ops> test) {
        Map<String, Supplier<Device>> devices = new LinkedHashMap<>();
        for (TestDevice device : TestDevice.all()) {
            devices.put(
                    device.toString(),
                    () -> device.problem() == null ? device.open() : abort(device.problem()));
        }
        devices.put("dry", () -> DryDevice.ideal(DType.F32));
        devices.put("forwarding", () -> new NotingDevice(TestDevice.cpu(1).open()));
        return devices.entrySet().stream()
                .map(
                        entry ->
                                DynamicTest.dynamicTest(
                                        entry.getKey(),
                                        () -> {
                                            try (Device device = entry.getValue().get();
                                                    Ops ops = new Ops(device)) {
                                                test.accept(device, ops);
                                            }
                                        }));
    }
}
