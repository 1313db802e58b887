package glance.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.MemoryStats;
import glance.backend.Device;
import glance.op.Activation;
import glance.op.AttentionMask;
import glance.ops.parity.TestDevice;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ScopeTest {
    private Device device;
    private Ops ops;

    @BeforeEach
    void open() {
        device = TestDevice.cpu(2).open();
        ops = new Ops(device);
    }

    @AfterEach
    void close() {
        ops.close();
        device.close();
    }

    private long alive() {
        return device.memory().stats().scratchBytes();
    }

    private Tensor floats(int count) {
        return ops.empty(DType.F32, Shape.of(count));
    }

    @Test
    void close_freesWhatWasAllocatedInside() {
        floats(10);
        try (Scope scope = ops.scope()) {
            floats(100);
            assertThat(scope).isNotNull();
            assertThat(alive()).isEqualTo(440);
        }
        assertThat(alive()).isEqualTo(40);
    }

    @Test
    void close_freesAlsoWhenTheBlockThrows() {
        Tensor x = floats(10);
        assertThatThrownBy(
                        () -> {
                            try (Scope scope = ops.scope()) {
                                ops.add(scope.keep(ops.add(x, x)), floats(3));
                            }
                        })
                .isInstanceOf(IllegalArgumentException.class);
        // the kept sum belongs to the outermost scope by now
        assertThat(alive()).isEqualTo(80);
    }

    @Test
    void keep_handsATensorToTheEnclosingScope() {
        Tensor kept;
        try (Scope outer = ops.scope()) {
            assertThat(outer.parent()).isNotNull();
            try (Scope inner = ops.scope()) {
                floats(100);
                kept = inner.keep(ops.host().floats(Shape.of(2), 3, 4));
            }
            assertThat(alive()).isEqualTo(8);
            assertThat(ops.host().floats(kept).get(1)).isEqualTo(4);
        }
        assertThat(alive()).isZero();
        assertThatThrownBy(() -> ops.pack(kept)).hasMessageContaining("was freed");
    }

    @Test
    void keep_ofAView_keepsItsMemory() {
        Tensor view;
        try (Scope scope = ops.scope()) {
            Tensor whole = ops.host().floats(Shape.of(2, 2), 1, 2, 3, 4);
            view = scope.keep(whole.narrow(0, 1, 1));
        }
        assertThat(ops.host().floats(view).get(0)).isEqualTo(3);
    }

    @Test
    void keep_inTheOutermostScope_isAnError() {
        Ops fresh = new Ops(device);
        Scope inner = fresh.scope();
        Tensor x = fresh.empty(DType.F32, Shape.of(1));
        Scope outermost = inner.parent();
        inner.keep(x);
        assertThatThrownBy(() -> outermost.keep(x))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the outermost scope has no scope to keep a tensor in");
        inner.close();
        outermost.close();
    }

    @Test
    void keep_ofAnOuterTensor_changesNothing() {
        Tensor x = floats(10);
        try (Scope scope = ops.scope()) {
            assertThat(scope.keep(x)).isSameAs(x);
        }
        assertThat(alive()).isEqualTo(40);
    }

    @Test
    void free_givesMemoryBackAtOnce_andOnlyOnce() {
        Tensor x = floats(10);
        ops.free(x);
        assertThat(alive()).isZero();
        ops.free(x);
        assertThat(alive()).isZero();
    }

    @Test
    void closingInTheWrongOrder_isAnError() {
        Scope outer = ops.scope();
        Scope inner = ops.scope();
        assertThatThrownBy(outer::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("scopes must be closed in the reverse order of opening");
        inner.close();
        outer.close();
    }

    @Test
    void closingOps_freesEveryScope() {
        floats(10);
        assertThat(ops.scope()).isNotNull();
        floats(10);
        ops.close();
        assertThat(alive()).isZero();
    }

    @Test
    void aLongLoop_reusesItsScratch() {
        Tensor x = ops.host().floats(Shape.of(1, 33, 64), new float[33 * 64]);
        Tensor weight = ops.host().floats(Shape.of(64, 64), new float[64 * 64]);
        step(x, weight);
        MemoryStats first = device.memory().stats();
        for (int i = 0; i < 300; i++) {
            step(x, weight);
        }
        assertThat(device.memory().stats()).isEqualTo(first);
        assertThat(first.scratchBytes()).isEqualTo(x.numel() * 4 + weight.numel() * 4);
        assertThat(first.peakScratchBytes()).isGreaterThan(first.scratchBytes());
    }

    private void step(Tensor x, Tensor weight) {
        try (Scope scope = ops.scope()) {
            Tensor norm = ops.rmsNorm(x, null, 1e-6f);
            Tensor q = ops.linear(norm, weight, null).reshape(1, 33, 4, 16);
            Tensor attended = ops.attention(q, q, q, 0.25f, AttentionMask.none());
            Tensor mixed = ops.linear(attended.reshape(1, 33, 64), weight, null);
            Tensor sum = ops.add(x, ops.activation(Activation.SILU, mixed));
            assertThat(scope).isNotNull();
            assertThat(ops.host().floats(sum).get(0)).isZero();
        }
    }
}
