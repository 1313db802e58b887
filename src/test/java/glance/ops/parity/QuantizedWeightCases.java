package glance.ops.parity;

import glance.formula.LinearFormula;
import glance.formula.LinearGradFormula;
import glance.io.HostFloats;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.op.TrainingOp;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import glance.tensor.block.BlockFormat;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** {@link Ops#linear}, its gradient, and {@link Ops#embedding}, of weights in quantised blocks. */
public final class QuantizedWeightCases {
    private QuantizedWeightCases() {}

    /** All quantised types. */
    public static Stream<DType> types() {
        return Arrays.stream(DType.values()).filter(DType::isQuantised);
    }

    static Stream<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        types().forEach(
                        type -> {
                            cases.add(linear(type, 1, 3, 512, 7, 0));
                            cases.add(linear(type, 2, 33, 256, 72, 4));
                            cases.add(linearInput(type, 9, 256, 40));
                            cases.add(embedding(type, 5, 512, 4, 0, 3));
                        });
        cases.add(embedding(DType.Q8_0, 4, 48, 3, 1, 2)); // rows that end within blocks
        cases.add(linear(DType.Q4_0, 1, 9, 20, 8, 0));
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<OpCase> large() {
        return Stream.of(
                linear(DType.Q4_K, 2, 113, 768, 203, 8), embedding(DType.Q6_K, 97, 256, 5, 90));
    }

    /** Any blocks, but for scales that keep the values near one. */
    public static ByteBuffer blocks(DType type, int count, Random random) {
        byte[] bytes = new byte[count * type.blockBytes()];
        random.nextBytes(bytes);
        ByteBuffer blocks = ByteBuffer.allocateDirect(bytes.length).order(ByteOrder.LITTLE_ENDIAN);
        blocks.put(bytes).rewind();
        int[] scales =
                switch (type) {
                    case Q4_1, Q5_1, Q4_K, Q5_K -> new int[] {0, 2};
                    case Q2_K -> new int[] {80, 82};
                    case Q3_K -> new int[] {108};
                    case Q6_K -> new int[] {208};
                    default -> new int[] {0};
                };
        for (int block = 0; block < count; block++) {
            for (int scale : scales) {
                int half = random.nextInt(2) << 15 | 0x0c00 + random.nextInt(0x400);
                blocks.putShort(block * type.blockBytes() + scale, (short) half);
            }
        }
        return blocks;
    }

    private static Operand weight(Inputs inputs, DType type, int... dims) {
        int size = HostArray.size(dims);
        Random random = new Random(size + type.ordinal());
        ByteBuffer blocks = blocks(type, size / type.blockElements(), random);
        float[] values = new float[size];
        BlockFormat.of(type).read(blocks, 0, values, 0, size);
        HostArray host = HostArray.zeros(dims);
        DType computed = inputs.ops().computeType();
        Arrays.setAll(host.values(), i -> HostFloats.rounded(computed, values[i]));
        return new Operand(inputs.ops().host().upload(type, Shape.of(dims), blocks), host);
    }

    private static OpCase linear(DType type, int batch, int seqLen, int in, int out, int rank) {
        return new OpCase(
                String.format(
                        "linear %s [%d, %d, %d] to %d rank %d", type, batch, seqLen, in, out, rank),
                inputs -> {
                    Operand x = inputs.activation(batch, seqLen, in);
                    Operand weight = weight(inputs, type, out, in);
                    Operand bias = inputs.weight(DType.F32, out);
                    Operand a = rank == 0 ? null : inputs.weight(DType.BF16, rank, in);
                    Operand b = rank == 0 ? null : inputs.weight(DType.BF16, out, rank);
                    LowRank lora = rank == 0 ? null : new LowRank(a.tensor(), b.tensor(), 1, null);
                    LinearFormula plain =
                            LinearFormula.product(in, out, x.host(), weight.host())
                                    .plus(bias.host());
                    LinearFormula formula =
                            rank == 0
                                    ? plain
                                    : plain.with(
                                            new LinearFormula.Factors(
                                                    rank, a.host(), b.host(), 1, null));
                    return Trial.of(
                            () ->
                                    inputs.ops()
                                            .linear(
                                                    x.tensor(),
                                                    weight.tensor(),
                                                    bias.tensor(),
                                                    lora,
                                                    Epilogue.none()),
                            formula,
                            batch,
                            seqLen,
                            out);
                });
    }

    private static OpCase linearInput(DType type, int rows, int in, int out) {
        return new OpCase(
                String.format("linearInput [%d, %d] to %d %s", rows, out, in, type),
                inputs -> {
                    Operand x = inputs.activation(1, rows, in);
                    Operand dy = inputs.activation(1, rows, out);
                    Operand weight = weight(inputs, type, out, in);
                    Tensor y = dy.tensor();
                    Op.Linear forward =
                            new Op.Linear(
                                    x.tensor(), weight.tensor(), null, null, Epilogue.none(), y);
                    TrainingOp.LinearGrad op =
                            new TrainingOp.LinearGrad(forward, y, x.tensor(), null, null);
                    return Trial.of(
                            () -> inputs.ops().training().linear(forward, y, true, false).x(),
                            LinearGradFormula.x(op, Operand.values(dy, weight)),
                            1,
                            rows,
                            in);
                });
    }

    private static OpCase embedding(DType type, int vocab, int dim, int... ids) {
        return new OpCase(
                String.format("embedding %s [%d, %d] %s", type, vocab, dim, Arrays.toString(ids)),
                inputs -> {
                    Operand table = weight(inputs, type, vocab, dim);
                    Operand rows = inputs.ids(vocab, ids);
                    return Trial.exact(
                            () -> inputs.ops().embedding(rows.tensor(), table.tensor()),
                            () -> {
                                HostArray y = HostArray.zeros(HostArray.size(ids), dim);
                                Arrays.setAll(
                                        y.values(),
                                        i ->
                                                table.host()
                                                        .get(
                                                                (int) rows.host().get(i / dim) * dim
                                                                        + i % dim));
                                return y.reshape(shape(ids, dim));
                            });
                });
    }

    private static int[] shape(int[] ids, int dim) {
        int[] shape = Arrays.copyOf(ids, ids.length + 1);
        shape[ids.length] = dim;
        return shape;
    }
}
