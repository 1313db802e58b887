package glance.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.DeviceOptions;
import glance.api.MemoryStats;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class DryDeviceTest {
    @Test
    void scopes_areAccountedForAsOnARealDevice() {
        try (DryDevice device = DryDevice.ideal(DType.BF16);
                Ops ops = new Ops(device)) {
            Tensor weight =
                    device.memory().adopt(DType.F32, Shape.of(10, 20), ByteBuffer.allocate(800));
            try (Scope scope = ops.scope()) {
                Tensor x = ops.empty(DType.BF16, Shape.of(1, 3, 20));
                assertThat(ops.linear(x, weight, null).shape()).isEqualTo(Shape.of(1, 3, 10));
                assertThat(device.memory().stats())
                        .isEqualTo(new MemoryStats(180, 180, 800, 800, 0));
            }
            weight.storage().release();
            assertThat(device.memory().stats()).isEqualTo(new MemoryStats(0, 180, 0, 800, 0));
            device.memory().resetPeak();
            assertThat(device.memory().stats()).isEqualTo(new MemoryStats(0, 0, 0, 0, 0));
        }
    }

    @Test
    void standIn_hasTheWorkspacesAndRefusalsOfItsDevice() {
        try (Device cpu = Devices.open("cpu", DeviceOptions.defaults());
                DryDevice device = DryDevice.of(cpu);
                Ops ops = new Ops(device);
                Scope scope = ops.scope()) {
            Tensor x = ops.empty(DType.F32, Shape.of(1, 100, 64));
            Tensor w = ops.empty(DType.F32, Shape.of(32, 64));
            ops.linear(x, w, null);
            assertThat(device.memory().stats().peakScratchBytes())
                    .as("x, w and y, and a packed copy of x")
                    .isGreaterThanOrEqualTo(4 * (2 * 6400 + 2048 + 3200));
            assertThat(ops.host().floats(x).get(0)).isZero();
            Tensor ids = ops.empty(DType.I32, Shape.of(32, 64));
            assertThatThrownBy(() -> ops.linear(x, ids, null))
                    .hasMessageContaining("weights of dtype I32");
        }
    }
}
