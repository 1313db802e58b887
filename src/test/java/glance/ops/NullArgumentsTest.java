package glance.ops;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.AdamWSettings;
import glance.backend.Device;
import glance.op.Activation;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.op.Projection;
import glance.op.QuantizedBlocks;
import glance.op.Rope;
import glance.ops.parity.TestDevice;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every argument of every operation is left out once, with every choice of the others from some
 * samples: what must not be null is refused in words, and nothing ends in a NullPointerException.
 */
class NullArgumentsTest {
    /** Sides of all samples, so that many choices are valid calls. */
    private static final int N = 2;

    /** What may be null, by method and place; as its javadoc says. */
    private static final Map<String, Set<Integer>> MAY_BE_NULL =
            Map.ofEntries(
                    Map.entry("Ops.linear/3", Set.of(2)),
                    Map.entry("Ops.linear/5", Set.of(2, 3)),
                    Map.entry("Ops.rotate/3", Set.of(2)),
                    Map.entry("Ops.headNormRope/4", Set.of(3)),
                    Map.entry("Ops.rmsNorm/3", Set.of(1)),
                    Map.entry("Ops.rmsNorm/4", Set.of(1)),
                    Map.entry("Ops.layerNorm/4", Set.of(1, 2)),
                    Map.entry("Ops.conv2d/6", Set.of(2, 5)),
                    Map.entry("Ops.guidedEuler/7", Set.of(2)),
                    Map.entry("Ops.record/1", Set.of(0)));

    private static Device device;

    @BeforeAll
    static void openDevice() {
        device = TestDevice.cpu(1).open();
    }

    @AfterAll
    static void closeDevice() {
        device.close();
    }

    @TestFactory
    Stream<DynamicTest> nullArgument_isRefusedInWords() {
        return Stream.of(Ops.class, TrainingOps.class)
                .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
                .filter(method -> Modifier.isPublic(method.getModifiers()))
                .filter(method -> method.getParameterCount() > 0)
                .map(method -> DynamicTest.dynamicTest(name(method), () -> check(method)));
    }

    private static String name(Method method) {
        return method.getDeclaringClass().getSimpleName()
                + "."
                + method.getName()
                + "/"
                + method.getParameterCount();
    }

    private static void check(Method method) throws IllegalAccessException {
        for (int i = 0; i < method.getParameterCount(); i++) {
            if (!method.getParameterTypes()[i].isPrimitive()) {
                Set<String> outcomes = new TreeSet<>();
                try (Ops ops = new Ops(device)) {
                    tryAll(method, ops, i, new ArrayList<>(), outcomes);
                }
                boolean optional = MAY_BE_NULL.getOrDefault(name(method), Set.of()).contains(i);
                assertThat(outcomes)
                        .as("argument %d is null", i)
                        .anyMatch(
                                outcome ->
                                        optional
                                                ? outcome.equals("done")
                                                : outcome.matches(
                                                        method.getName()
                                                                + ": [a-zA-Z]+ must not be null"));
                if (!optional) {
                    assertThat(outcomes).doesNotContain("done");
                }
            }
        }
    }

    private static void tryAll(
            Method method, Ops ops, int left, List<Object> chosen, Set<String> outcomes)
            throws IllegalAccessException {
        int at = chosen.size();
        if (at == method.getParameterCount()) {
            outcomes.add(outcome(method, ops, chosen.toArray()));
            return;
        }
        Type type = method.getGenericParameterTypes()[at];
        List<?> samples = at == left ? Arrays.asList((Object) null) : samples(ops, type);
        for (Object sample : samples) {
            chosen.add(sample);
            tryAll(method, ops, left, chosen, outcomes);
            chosen.remove(at);
        }
    }

    private static String outcome(Method method, Ops ops, Object[] arguments)
            throws IllegalAccessException {
        Object target = method.getDeclaringClass() == Ops.class ? ops : ops.training();
        try (Scope scope = ops.scope()) {
            method.invoke(target, arguments);
            return "done";
        } catch (InvocationTargetException e) {
            // other operations that an operation consists of have words of their own
            assertThat(e.getCause()).isInstanceOf(IllegalArgumentException.class);
            return e.getCause().getMessage();
        }
    }

    private static List<?> samples(Ops ops, Type type) {
        if (type instanceof ParameterizedType list && list.getRawType() == List.class) {
            return samples(ops, list.getActualTypeArguments()[0]).stream().map(List::of).toList();
        }
        if (type instanceof ParameterizedType) {
            return List.of((Supplier<List<Tensor>>) List::of);
        }
        Tensor rows = floats(ops, N, N, N);
        Tensor heads = floats(ops, N, N, N, N);
        Tensor matrix = floats(ops, N, N);
        Tensor vector = floats(ops, N);
        AttentionMask mask = AttentionMask.none();
        Epilogue plain = Epilogue.none();
        List<Object> all =
                List.of(
                        vector,
                        matrix,
                        rows,
                        heads,
                        floats(ops, N, 1, 1, N),
                        ops.host().ints(Shape.of(N), 0, 1),
                        new LowRank(matrix, matrix, 1),
                        new Projection(matrix, null, null, plain),
                        plain,
                        mask,
                        new Rope(floats(ops, N, 1), floats(ops, N, 1), Rope.Pairing.INTERLEAVED),
                        Activation.SILU,
                        Op.Padding.all(0),
                        DType.F32,
                        Shape.of(N),
                        Adapter.NONE,
                        AdamWSettings.defaults(),
                        new QuantizedBlocks(vector, vector),
                        (Runnable) () -> {},
                        1,
                        1f,
                        false,
                        new Op.Linear(rows, matrix, null, null, plain, rows),
                        new Op.Attention(heads, heads, heads, 1, mask, floats(ops, N, N, N), heads),
                        new Op.HeadNormRope(List.of(heads), List.of(vector), 1, null, heads),
                        new Op.RmsNorm(rows, vector, 1, Activation.NONE, rows),
                        new Op.LayerNorm(rows, null, null, matrix, matrix, 1, rows),
                        new Op.GateResidual(rows, matrix, rows, rows));
        Class<?> wanted = boxed((Class<?>) type);
        return all.stream().filter(wanted::isInstance).toList();
    }

    private static Class<?> boxed(Class<?> type) {
        return java.lang.invoke.MethodType.methodType(type).wrap().returnType();
    }

    private static Tensor floats(Ops ops, int... dims) {
        Shape shape = Shape.of(dims);
        return ops.host().floats(shape, new float[Math.toIntExact(shape.numel())]);
    }
}
