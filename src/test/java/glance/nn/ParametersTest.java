package glance.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.fixtures.Fixture;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.io.Weights;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParametersTest {
    @TempDir Path folder;

    private static HostTensor zeros(DType dtype, int... dims) {
        Shape shape = Shape.of(dims);
        return new HostTensor(
                dtype, shape, ByteBuffer.allocate((int) shape.numel() * dtype.bytes()));
    }

    private void withParameters(
            Map<String, HostTensor> tensors, java.util.function.BiConsumer<Ops, Parameters> body) {
        Path file = folder.resolve("model.safetensors");
        SafetensorsWriter.write(file, tensors, Map.of());
        Fixture.onCpu(
                ops -> {
                    try (Weights weights = Weights.open(file);
                            Parameters parameters = new Parameters(ops, weights, "Toy")) {
                        body.accept(ops, parameters);
                    }
                });
    }

    @Test
    void weight_afterClose_isRefused_notLoadedAgain() {
        withParameters(
                Map.of("proj.weight", zeros(DType.F32, 3, 2)),
                (ops, p) -> {
                    Weight weight = p.weight("proj.weight", 3, 2);
                    p.finish();
                    weight.tensor();
                    p.close();
                    assertThatThrownBy(weight::tensor)
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("Toy is closed: proj.weight");
                    assertThat(ops.device().memory().stats().weightBytes()).isZero();
                });
    }

    @Test
    void finish_missingMisshapedAndUnexpected_areAllNamed() {
        Map<String, HostTensor> tensors =
                Map.of(
                        "proj.weight", zeros(DType.F32, 3, 2),
                        "proj.bias", zeros(DType.F32, 4),
                        "extra", zeros(DType.F32, 1));
        withParameters(
                tensors,
                (ops, p) -> {
                    p.linear("proj", 2, 3);
                    p.tensor("norm.weight", 5);
                    assertThatThrownBy(p::finish)
                            .isInstanceOf(FormatException.class)
                            .hasMessageContaining("model.safetensors")
                            .hasMessageContaining("3 tensors do not fit Toy")
                            .hasMessageContaining("mis-shaped proj.bias: expected [3], got [4]")
                            .hasMessageContaining("missing norm.weight [5]")
                            .hasMessageContaining("unexpected extra [1]");
                });
    }

    @Test
    void finish_integerWeight_isRefused() {
        withParameters(
                Map.of("table", zeros(DType.I64, 2, 2)),
                (ops, p) -> {
                    p.tensor("table", 2, 2);
                    assertThatThrownBy(p::finish)
                            .hasMessageContaining(
                                    "expected floats of 8 to 32 bits or quantised blocks, got I64");
                });
    }

    @Test
    void finish_ignoredTensors_areNoProblem() {
        withParameters(
                Map.of("a", zeros(DType.F32, 1), "visual.x", zeros(DType.F32, 1)),
                (ops, p) -> {
                    p.tensor("a", 1);
                    p.ignore(name -> name.startsWith("visual."));
                    p.finish();
                });
    }

    @Test
    void causalConv3d_onOneFrame_usesTheLastSlice() {
        // 1 -> 1 channels, 3 x 3 x 3: slices 0 and 1 hold noise, the centre of slice 2 holds 2
        ByteBuffer data = ByteBuffer.allocate(27 * 4).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 18; i++) {
            data.putFloat(4 * i, 100 + i);
        }
        data.putFloat(4 * (18 + 4), 2);
        withParameters(
                Map.of(
                        "conv.weight",
                        new HostTensor(DType.F32, Shape.of(1, 1, 3, 3, 3), data),
                        "conv.bias",
                        zeros(DType.F32, 1)),
                (ops, p) -> {
                    Conv2d conv = p.causalConv3d("conv", 1, 1, 3);
                    p.finish();
                    var y = conv.forward(ops, ops.host().floats(Shape.of(1, 2, 2, 1), 1, 2, 3, 4));
                    var values = new float[4];
                    ops.host().floats(y).get(values);
                    assertThat(values).containsExactly(2, 4, 6, 8);
                });
    }

    @Test
    void close_givesAllMemoryBack() {
        withParameters(
                Map.of("proj.weight", zeros(DType.BF16, 3, 2), "proj.bias", zeros(DType.BF16, 3)),
                (ops, p) -> {
                    p.linear("proj", 2, 3);
                    p.finish();
                    p.load();
                    assertThat(weightBytes(ops)).isEqualTo(3 * 2 * 2 + 3 * 4);
                    p.close();
                    assertThat(weightBytes(ops)).isZero();
                });
    }

    @Test
    void conditioning_comesWhenItIsRead_andGoesWithoutTheRest() {
        withParameters(
                Map.of("mod.weight", zeros(DType.F32, 4, 2), "proj.weight", zeros(DType.F32, 3, 2)),
                (ops, p) -> {
                    Linear mod = p.conditioning().linearNoBias("mod", 2, 4);
                    Linear proj = p.linearNoBias("proj", 2, 3);
                    p.finish();
                    assertThat(weightBytes(ops)).isZero();
                    Tensor x = ops.host().floats(Shape.of(1, 2), 1, 2);
                    for (int run = 0; run < 2; run++) {
                        mod.forward(ops, x);
                        proj.forward(ops, x);
                        assertThat(weightBytes(ops)).isEqualTo(4 * (4 * 2 + 3 * 2));
                        p.unloadConditioning();
                        assertThat(weightBytes(ops)).isEqualTo(4 * 3 * 2);
                    }
                });
    }

    private static long weightBytes(Ops ops) {
        return ops.device().memory().stats().weightBytes();
    }
}
