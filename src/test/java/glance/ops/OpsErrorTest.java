package glance.ops;

import static glance.ops.Refused.refused;
import static glance.ops.Refused.strided;
import static glance.ops.Refused.t;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.MemoryStats;
import glance.backend.Device;
import glance.op.Activation;
import glance.op.Op;
import glance.ops.parity.TestDevice;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * What the operations say to wrong arguments: operation, argument, expected, got. Those of products
 * are in {@link ProductErrorTest}.
 */
class OpsErrorTest {
    private static final float EPS = 1e-6f;

    private static Device device;
    private Ops ops;

    @BeforeAll
    static void openDevice() {
        device = TestDevice.cpu(1).open();
    }

    @AfterAll
    static void closeDevice() {
        device.close();
    }

    @BeforeEach
    void openOps() {
        ops = new Ops(device);
    }

    @AfterEach
    void closeOps() {
        ops.close();
    }

    @TestFactory
    Stream<DynamicTest> norms_refuse() {
        return Stream.of(
                refused(
                        "rmsNorm: weight must be [8] to match x [2, 8], got [7]",
                        ops -> ops.rmsNorm(t(ops, 2, 8), t(ops, 7), EPS)),
                refused(
                        "rmsNorm: x must have at least one dimension, got a scalar",
                        ops -> ops.rmsNorm(t(ops), t(ops, 1), EPS)),
                refused(
                        "rmsNorm: x must be packed in its last dimension; copy it first",
                        ops -> ops.rmsNorm(strided(ops, 2, 8), null, EPS)),
                refused(
                        "layerNorm: weight must be [8] to match x [2, 8], got [8, 1]",
                        ops -> ops.layerNorm(t(ops, 2, 8), t(ops, 8, 1), null, EPS)),
                refused(
                        "layerNorm: bias must be [8] to match x [2, 8], got [2]",
                        ops -> ops.layerNorm(t(ops, 2, 8), null, t(ops, 2), EPS)),
                refused(
                        "layerNormModulate: x must be [batch, seqLen, dim], got [3, 8]",
                        ops ->
                                ops.layerNormModulate(
                                        t(ops, 3, 8), t(ops, 1, 8), t(ops, 1, 8), EPS)),
                refused(
                        "layerNormModulate: scale must be [2 or 1, 8] to match x, got [3, 8]",
                        ops ->
                                ops.layerNormModulate(
                                        t(ops, 2, 3, 8), t(ops, 3, 8), t(ops, 2, 8), EPS)),
                refused(
                        "layerNormModulate: shift must be [2 or 1, 8] to match x, got [8]",
                        ops ->
                                ops.layerNormModulate(
                                        t(ops, 2, 3, 8), t(ops, 2, 8), t(ops, 8), EPS)));
    }

    @TestFactory
    Stream<DynamicTest> pointwise_refuses() {
        return Stream.of(
                refused(
                        "gateResidual: residual must be [batch, seqLen, dim], got [3, 8]",
                        ops -> ops.gateResidual(t(ops, 3, 8), t(ops, 1, 8), t(ops, 3, 8))),
                refused(
                        "gateResidual: y must be [2, 3, 8] to match residual, got [2, 8, 3]",
                        ops -> ops.gateResidual(t(ops, 2, 3, 8), t(ops, 2, 8), t(ops, 2, 8, 3))),
                refused(
                        "gateResidual: gate must be [2 or 1, 8] to match x, got [2, 1, 8]",
                        ops -> ops.gateResidual(t(ops, 2, 3, 8), t(ops, 2, 1, 8), t(ops, 2, 3, 8))),
                refused(
                        "gatedActivation: up must be [2, 8] to match gate, got [2, 9]",
                        ops -> ops.gatedActivation(Activation.SILU, t(ops, 2, 8), t(ops, 2, 9))),
                refused(
                        "add: b must have the shape of a [2, 8], its last dimension, or one"
                                + " element, got [2, 1]",
                        ops -> ops.add(t(ops, 2, 8), t(ops, 2, 1))),
                refused(
                        "mul: b must have the shape of a [2, 8], its last dimension, or one"
                                + " element, got [2]",
                        ops -> ops.mul(t(ops, 2, 8), t(ops, 2))),
                refused(
                        "rotate: group must be a power of 4 up to 1024 that divides the columns of x"
                                + " [2, 24], got 16",
                        ops -> ops.rotate(t(ops, 2, 24), 16, null)),
                refused(
                        "rotate: group must be a power of 4 up to 1024 that divides the columns of x"
                                + " [2, 24], got 8",
                        ops -> ops.rotate(t(ops, 2, 24), 8, null)),
                refused(
                        "rotate: scales must be [2] to match x [2, 24], got [24]",
                        ops -> ops.rotate(t(ops, 2, 24), 4, t(ops, 24))),
                refused(
                        "guidedEuler: latents must be [batch, seqLen, channels], got [3, 4]",
                        ops -> ops.guidedEuler(t(ops, 3, 4), t(ops, 3, 4), null, 1, false, 0, 1)),
                refused(
                        "guidedEuler: velocity must be [1, 3, 4] to match latents, got [1, 4, 3]",
                        ops ->
                                ops.guidedEuler(
                                        t(ops, 1, 3, 4), t(ops, 1, 4, 3), null, 1, false, 0, 1)),
                refused(
                        "guidedEuler: rescale and limit exclude each other",
                        ops ->
                                ops.guidedEuler(
                                        t(ops, 1, 3, 4),
                                        t(ops, 1, 3, 4),
                                        t(ops, 1, 3, 4),
                                        4,
                                        true,
                                        1,
                                        1)),
                refused(
                        "guidedEuler: limit must be a finite number, at least 0, got -1.0",
                        ops ->
                                ops.guidedEuler(
                                        t(ops, 1, 3, 4), t(ops, 1, 3, 4), null, 1, false, -1, 1)),
                refused(
                        "guidedEuler: negative must be [1, 3, 4] to match latents, got [3, 4]",
                        ops ->
                                ops.guidedEuler(
                                        t(ops, 1, 3, 4),
                                        t(ops, 1, 3, 4),
                                        t(ops, 3, 4),
                                        1,
                                        false,
                                        0,
                                        1)));
    }

    @TestFactory
    Stream<DynamicTest> lookups_refuse() {
        return Stream.of(
                refused(
                        "embedding: ids must be I32, got F32",
                        ops -> ops.embedding(t(ops, 3), t(ops, 5, 8))),
                refused(
                        "embedding: table must be [vocab, dim], got [5]",
                        ops -> ops.embedding(ops.host().ints(Shape.of(1), 0), t(ops, 5))),
                refused(
                        "embedding: table must be contiguous, got a strided view",
                        ops -> ops.embedding(ops.host().ints(Shape.of(1), 0), strided(ops, 5, 2))),
                refused(
                        "timestepEmbedding: t must be [n], got [2, 1]",
                        ops -> ops.timestepEmbedding(t(ops, 2, 1), 8, 1, 0)),
                refused(
                        "timestepEmbedding: t must be F32, got I32",
                        ops -> ops.timestepEmbedding(ops.host().ints(Shape.of(1), 0), 8, 1, 0)),
                refused(
                        "timestepEmbedding: dim must be positive and even, got 7",
                        ops -> ops.timestepEmbedding(t(ops, 2), 7, 1, 0)),
                refused(
                        "timestepEmbedding: freqShift must be less than dim / 2 = 1, got 1.0",
                        ops -> ops.timestepEmbedding(t(ops, 2), 2, 1, 1)));
    }

    @TestFactory
    Stream<DynamicTest> pictures_refuse() {
        Op.Padding none = Op.Padding.all(0);
        return Stream.of(
                refused(
                        "conv2d: x must be [batch, height, width, in], got [4, 4, 3]",
                        ops -> conv(ops, t(ops, 4, 4, 3), t(ops, 5, 3, 3, 3), 1, none)),
                refused(
                        "conv2d: weight must be [out, kh, kw, in], got [5, 27]",
                        ops -> conv(ops, t(ops, 1, 4, 4, 3), t(ops, 5, 27), 1, none)),
                refused(
                        "conv2d: weight must be [out, kh, kw, 3] to match x, got [5, 3, 3, 4]",
                        ops -> conv(ops, t(ops, 1, 4, 4, 3), t(ops, 5, 3, 3, 4), 1, none)),
                refused(
                        "conv2d: bias must be [5] [out], got [3]",
                        ops ->
                                ops.conv2d(
                                        t(ops, 1, 4, 4, 3),
                                        t(ops, 5, 3, 3, 3),
                                        t(ops, 3),
                                        1,
                                        none,
                                        null)),
                refused(
                        "conv2d: stride must be at least 1, got 0",
                        ops -> conv(ops, t(ops, 1, 4, 4, 3), t(ops, 5, 3, 3, 3), 0, none)),
                refused(
                        "conv2d: padding must not be negative, got Padding[top=0, left=-1,"
                                + " bottom=0, right=0]",
                        ops ->
                                conv(
                                        ops,
                                        t(ops, 1, 4, 4, 3),
                                        t(ops, 5, 3, 3, 3),
                                        1,
                                        new Op.Padding(0, -1, 0, 0))),
                refused(
                        "conv2d: x [1, 2, 4, 3] with Padding[top=0, left=0, bottom=0, right=0] is"
                                + " smaller than the kernel [3, 3]",
                        ops -> conv(ops, t(ops, 1, 2, 4, 3), t(ops, 5, 3, 3, 3), 2, none)),
                refused(
                        "conv2d: residual must be [1, 2, 2, 5] to match the result,"
                                + " got [1, 4, 4, 5]",
                        ops ->
                                ops.conv2d(
                                        t(ops, 1, 4, 4, 3),
                                        t(ops, 5, 3, 3, 3),
                                        null,
                                        1,
                                        none,
                                        t(ops, 1, 4, 4, 5))),
                refused(
                        "upsampleNearest2x: x must be [batch, height, width, channels],"
                                + " got [4, 4, 3]",
                        ops -> ops.upsampleNearest2x(t(ops, 4, 4, 3))));
    }

    private static void conv(Ops ops, Tensor x, Tensor weight, int stride, Op.Padding padding) {
        ops.conv2d(x, weight, null, stride, padding, null);
    }

    @TestFactory
    Stream<DynamicTest> concat_refuses() {
        return Stream.of(
                refused("concat: needs at least one part", ops -> ops.concat(0, List.of())),
                refused(
                        "concat: axis 2 does not exist in parts[0] [2, 3]",
                        ops -> ops.concat(2, List.of(t(ops, 2, 3)))),
                refused(
                        "concat: parts[1] must be like parts[0] [2, 3], got [3]",
                        ops -> ops.concat(0, List.of(t(ops, 2, 3), t(ops, 3)))),
                refused(
                        "concat: parts[1] must be [5, 3] to match parts[0] outside axis 0,"
                                + " got [5, 4]",
                        ops -> ops.concat(0, List.of(t(ops, 2, 3), t(ops, 5, 4)))));
    }

    @TestFactory
    Stream<DynamicTest> hostTransfer_refuses() {
        return Stream.of(
                refused(
                        "upload: shape [2, 3] needs 6 values, got 5",
                        ops -> ops.host().floats(Shape.of(2, 3), 1, 2, 3, 4, 5)),
                refused(
                        "upload: shape [2] needs 2 values, got 3",
                        ops -> ops.host().ints(Shape.of(2), 1, 2, 3)),
                refused(
                        "upload: F32 [2] needs 8 bytes, got 7",
                        ops -> ops.host().upload(DType.F32, Shape.of(2), ByteBuffer.allocate(7))),
                refused(
                        "read: the tensor must be contiguous; copy it first",
                        ops -> ops.host().bytes(strided(ops, 3))),
                refused(
                        "read: tensor must be of a float dtype, got I32",
                        ops -> ops.host().floats(ops.host().ints(Shape.of(1), 1))));
    }

    @Test
    void refusedCall_allocatesNothing() {
        Tensor x = t(ops, 2, 3, 6);
        Tensor weight = t(ops, 4, 5);
        MemoryStats before = device.memory().stats();
        assertThatThrownBy(() -> ops.linear(x, weight, null))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(device.memory().stats()).isEqualTo(before);
    }

    @Test
    void freedTensor_isRefusedByName() {
        Tensor freed = t(ops, 2, 3);
        ops.free(freed);
        assertThatThrownBy(() -> ops.pack(freed))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("Tensor[2, 3] F32 was freed; keep it in its scope");
    }

    @Test
    void embedding_idOutsideTheTable_saysWhich() {
        Tensor ids = ops.host().ints(Shape.of(2), 1, 5);
        Tensor table = t(ops, 5, 8);
        assertThatThrownBy(() -> ops.embedding(ids, table))
                .hasMessage("embedding: id 5 is not in a table of 5 rows");
    }

    @Test
    void weightOfIntegers_isRefusedWithTheReason() {
        Tensor weight = ops.empty(DType.I32, Shape.of(4, 5));
        assertThatThrownBy(() -> ops.linear(t(ops, 2, 5), weight, null))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("Linear cannot run on this device: weights of dtype I32");
    }
}
