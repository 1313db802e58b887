package glance.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.cases.NotingDevice;
import glance.op.Activation;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.op.TrainingOp;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.ops.parity.TestDevice;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the tape records, runs and keeps; the numbers are RulesTest's. */
class TapeTest {
    private static final int LAYERS = 4;
    private static final int TOKENS = 64;
    private static final int DIM = 32;

    private NotingDevice device;
    private Ops ops;

    @BeforeEach
    void open() {
        device = new NotingDevice(TestDevice.cpu(2).open());
        ops = new Ops(device);
    }

    @AfterEach
    void close() {
        ops.close();
        device.close();
    }

    /** The same for the same name. */
    private Tensor numbers(String name, int... dims) {
        Random random = new Random(name.hashCode());
        float[] values = new float[(int) Shape.of(dims).numel()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return ops.host().floats(Shape.of(dims), values);
    }

    /** Four times {@code silu(x W^T)}, with an adapter in one of them. */
    private Tensor forward(Tensor x, int adapted, LowRank adapter) {
        Tensor y = x;
        for (int i = 0; i < LAYERS; i++) {
            Tensor in = y;
            LowRank lora = i == adapted ? adapter : null;
            Tensor weight = numbers("w" + i, DIM, DIM);
            y =
                    ops.checkpoint(
                                    List.of(in, weight),
                                    () -> {
                                        try (Scope scope = ops.scope()) {
                                            Epilogue silu = Epilogue.activation(Activation.SILU);
                                            return List.of(
                                                    scope.keep(
                                                            ops.linear(
                                                                    in, weight, null, lora, silu)));
                                        }
                                    })
                            .get(0);
        }
        return y;
    }

    private LowRank adapter() {
        return new LowRank(numbers("a", 2, DIM), numbers("b", DIM, 2), 1);
    }

    /** Gradients of the adapter of one layer, a first and b second. */
    private List<FloatBuffer> train(int adapted, boolean checkpointing) {
        List<FloatBuffer> gradients = new ArrayList<>();
        try (Scope scope = ops.scope();
                Tape tape = new Tape(ops, checkpointing)) {
            LowRank adapter = adapter();
            tape.watch(adapter.a());
            tape.watch(adapter.b());
            Tensor y = forward(numbers("x", 1, TOKENS, DIM), adapted, adapter);
            tape.backward(y, numbers("dy", 1, TOKENS, DIM));
            gradients.add(ops.host().floats(tape.gradient(adapter.a())));
            gradients.add(ops.host().floats(tape.gradient(adapter.b())));
        }
        return gradients;
    }

    /** How many gradients of linear layers have something. */
    private long linear(Predicate<TrainingOp.LinearGrad> what) {
        return device.ran().stream()
                .filter(op -> op instanceof TrainingOp.LinearGrad grad && what.test(grad))
                .count();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void backward_stopsAtTheEarliestAdapter(boolean checkpointing) {
        for (int adapted = 0; adapted < LAYERS; adapted++) {
            device.forget();
            train(adapted, checkpointing);
            assertThat(linear(op -> op.dx() != null)).isEqualTo(LAYERS - 1 - adapted);
            assertThat(device.count(TrainingOp.ActivationGrad.class)).isEqualTo(LAYERS - adapted);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void backward_frozenWeights_getNoProducts(boolean checkpointing) {
        train(1, checkpointing);
        assertThat(linear(op -> op.da() != null)).isEqualTo(1);
    }

    @Test
    void checkpoint_beforeTheEarliestAdapter_isNotRunAgain() {
        train(2, true);
        // each layer, and layers 2 and 3 again
        assertThat(device.count(Op.Linear.class)).isEqualTo(LAYERS + 2);
    }

    @Test
    void checkpointing_givesTheSameGradientsWithLessMemory() {
        device.memory().resetPeak();
        List<FloatBuffer> kept = train(0, false);
        long keptBytes = device.memory().stats().peakScratchBytes();
        device.memory().resetPeak();
        List<FloatBuffer> again = train(0, true);
        long againBytes = device.memory().stats().peakScratchBytes();
        assertThat(again).isEqualTo(kept);
        // keeps one tensor less for each layer but the one that is being run again
        assertThat(keptBytes - againBytes).isGreaterThanOrEqualTo((LAYERS - 2) * 4L * TOKENS * DIM);
    }

    @Test
    void checkpoint_returningAnInput_leavesItsGradientAlone() {
        try (Scope scope = ops.scope();
                Tape tape = new Tape(ops, true)) {
            Tensor x = numbers("x", 3);
            tape.watch(x);
            Tensor kept = ops.mul(x, x);
            List<Tensor> out =
                    ops.checkpoint(List.of(kept), () -> List.of(ops.mul(kept, kept), kept));
            tape.backward(
                    ops.add(out.get(0), out.get(1)),
                    ops.training().filled(DType.F32, x.shape(), 1));
            FloatBuffer values = ops.host().floats(x);
            FloatBuffer gradient = ops.host().floats(tape.gradient(x));
            for (int i = 0; i < 3; i++) {
                // of x^4 + x^2
                double v = values.get(i);
                double want = 4 * v * v * v + 2 * v;
                assertThat((double) gradient.get(i))
                        .isCloseTo(want, Offset.offset(1e-6 * Math.abs(want)));
            }
        }
    }

    @Test
    void close_givesAllMemoryBack() {
        long before = device.memory().stats().scratchBytes();
        train(1, false);
        train(1, true);
        assertThat(device.memory().stats().scratchBytes()).isEqualTo(before);
    }

    @Test
    void close_withoutBackward_givesAllMemoryBack() {
        long before = device.memory().stats().scratchBytes();
        try (Scope scope = ops.scope();
                Tape tape = new Tape(ops, true)) {
            LowRank adapter = adapter();
            tape.watch(adapter.a());
            forward(numbers("x", 1, TOKENS, DIM), 1, adapter);
        }
        assertThat(device.memory().stats().scratchBytes()).isEqualTo(before);
    }

    @Test
    void inference_keepsFusingAndWritesNothingForGradients() {
        train(1, true);
        device.forget();
        device.memory().resetPeak();
        long before = device.memory().stats().scratchBytes();
        try (Scope scope = ops.scope()) {
            Tensor x = numbers("x", 1, TOKENS, DIM);
            Tensor y = forward(x, 1, adapter());
            Tensor heads = y.reshape(1, TOKENS, 2, DIM / 2);
            ops.attention(heads, heads, heads, 1, AttentionMask.none());
        }
        assertThat(device.ran()).noneMatch(TrainingOp.class::isInstance);
        assertThat(device.count(Op.Unary.class)).isZero();
        assertThat(device.ran().stream().filter(Op.Attention.class::isInstance))
                .allMatch(op -> ((Op.Attention) op).lse() == null);
        assertThat(device.memory().stats().scratchBytes()).isEqualTo(before);
    }

    @Test
    void gradient_ofWhatTheResultDoesNotDependOn_isNull() {
        try (Scope scope = ops.scope();
                Tape tape = new Tape(ops, false)) {
            Tensor used = numbers("used", 3);
            Tensor unused = numbers("unused", 3);
            tape.watch(used);
            tape.watch(unused);
            ops.mul(unused, unused);
            tape.backward(ops.mul(used, used), numbers("dy", 3));
            assertThat(tape.gradient(used)).isNotNull();
            assertThat(tape.gradient(unused)).isNull();
        }
    }

    @Test
    void backward_throughAnOperationWithoutRule_namesIt() {
        try (Scope scope = ops.scope();
                Tape tape = new Tape(ops, false)) {
            Tensor x = numbers("x", 1, 2, 2, 3);
            tape.watch(x);
            Tensor y = ops.upsampleNearest2x(x);
            assertThatThrownBy(() -> tape.backward(y, y))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("no gradient rule for UpsampleNearest2x");
        }
    }
}
