package glance.ops.parity;

import glance.api.AdamWSettings;
import glance.formula.Arithmetic;
import glance.op.QuantizedBlocks;
import glance.ops.Ops;
import glance.ops.TrainingOps;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@link TrainingOps#adamW8Bit}: the parameter after a step, and what the codes and scales of each
 * moment stand for.
 */
final class EightBitCases {
    private static final AdamWSettings SETTINGS = new AdamWSettings(0.9f, 0.999f, 1e-8f, 0.01f);
    private static final float LEARNING_RATE = 1e-2f;
    private static final float CLIP = 0.3f;
    private static final int STEP = 3;
    private static final List<String> RESULTS =
            List.of("parameter", "first moment", "second moment");

    private EightBitCases() {}

    static Stream<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int size : new int[] {1, 113, 255, 256, 257, 512, 1000}) {
            RESULTS.forEach(result -> cases.add(adamW(result, size)));
        }
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<OpCase> large() {
        return RESULTS.stream().map(result -> adamW(result, 68_881));
    }

    /** Random codes at the start; a second parameter of another size goes along. */
    private static OpCase adamW(String result, int size) {
        return new OpCase(
                "adamW8Bit [" + size + "], " + result,
                inputs -> {
                    Operand parameter = inputs.floats(size);
                    Operand gradient = inputs.floats(size);
                    Operand firstCodes = inputs.ids(256, size);
                    Operand firstScales = inputs.floats(QuantizedBlocks.blocks(size));
                    Operand secondCodes = inputs.ids(256, size);
                    Operand secondScales = inputs.floats(QuantizedBlocks.blocks(size));
                    return Trial.of(
                            () -> {
                                Ops ops = inputs.ops();
                                Tensor changed = copy(ops, parameter.host());
                                QuantizedBlocks first =
                                        blocks(ops, firstCodes.host(), firstScales.host());
                                QuantizedBlocks second =
                                        blocks(ops, secondCodes.host(), secondScales.host());
                                Tensor other = copy(ops, HostArray.zeros(3));
                                ops.training()
                                        .adamW8Bit(
                                                List.of(other, changed),
                                                List.of(other, gradient.tensor()),
                                                List.of(zeros(ops), first),
                                                List.of(zeros(ops), second),
                                                CLIP,
                                                SETTINGS,
                                                LEARNING_RATE,
                                                STEP);
                                return switch (result) {
                                    case "parameter" -> changed;
                                    case "first moment" ->
                                            numbers(ops, first, QuantizedBlocks.signedValues());
                                    default ->
                                            numbers(ops, second, QuantizedBlocks.unsignedValues());
                                };
                            },
                            m -> {
                                double[] first = numbers(firstCodes, firstScales, true);
                                double[] second = numbers(secondCodes, secondScales, false);
                                double[] y = parameter.host().values().clone();
                                step(m, y, gradient.host(), first, second);
                                if (result.equals("parameter")) {
                                    return new HostArray(new int[] {size}, y);
                                }
                                boolean signed = result.equals("first moment");
                                return quantized(m, signed ? first : second, signed);
                            });
                });
    }

    private static Tensor copy(Ops ops, HostArray values) {
        float[] floats = new float[values.values().length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values.get(i);
        }
        return ops.host().floats(Shape.of(values.dims()), floats);
    }

    private static QuantizedBlocks zeros(Ops ops) {
        return ops.training().quantizedZeros(Shape.of(3));
    }

    /** Scales are magnitudes. */
    private static QuantizedBlocks blocks(Ops ops, HostArray codes, HostArray scales) {
        ByteBuffer bytes = ByteBuffer.allocate(codes.values().length);
        for (double code : codes.values()) {
            bytes.put((byte) code);
        }
        HostArray sizes = HostArray.zeros(scales.dims());
        for (int i = 0; i < sizes.values().length; i++) {
            sizes.values()[i] = Math.abs(scales.get(i));
        }
        return new QuantizedBlocks(
                ops.host().upload(DType.U8, Shape.of(codes.dims()), bytes.flip()),
                copy(ops, sizes));
    }

    private static Tensor numbers(Ops ops, QuantizedBlocks blocks, float[] values) {
        ByteBuffer codes = ops.host().bytes(blocks.codes());
        FloatBuffer scales = ops.host().floats(blocks.scales());
        float[] numbers = new float[codes.remaining()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = values[codes.get(i) & 0xff] * scales.get(i / QuantizedBlocks.SIZE);
        }
        return ops.host().floats(Shape.of(numbers.length), numbers);
    }

    private static double[] numbers(Operand codes, Operand scales, boolean signed) {
        float[] values = values(signed);
        double[] numbers = new double[codes.host().values().length];
        for (int i = 0; i < numbers.length; i++) {
            double scale = Math.abs(scales.host().get(i / QuantizedBlocks.SIZE));
            numbers[i] = (float) (values[(int) codes.host().get(i)] * scale);
        }
        return numbers;
    }

    private static float[] values(boolean signed) {
        return signed ? QuantizedBlocks.signedValues() : QuantizedBlocks.unsignedValues();
    }

    private static void step(
            Arithmetic m, double[] p, HostArray gradient, double[] first, double[] second) {
        double beta1 = SETTINGS.beta1();
        double beta2 = SETTINGS.beta2();
        double stepSize = LEARNING_RATE / (1 - Math.pow(beta1, STEP));
        double correction = Math.sqrt(1 - Math.pow(beta2, STEP));
        double decay = m.of(1 - (double) LEARNING_RATE * SETTINGS.weightDecay());
        for (int i = 0; i < p.length; i++) {
            double g = m.of(gradient.get(i) * CLIP);
            first[i] = m.mulAdd(first[i], m.of(g - first[i]), m.of(1 - beta1));
            second[i] = m.mulAdd(m.of(second[i] * beta2), m.of(g * g), m.of(1 - beta2));
            double denominator =
                    m.of(m.of(m.of(Math.sqrt(second[i])) / correction) + SETTINGS.eps());
            p[i] = m.of(m.of(p[i] * decay) - m.of(m.of(stepSize * first[i]) / denominator));
        }
    }

    /** Each number replaced by the nearest of its block's, found by trying all. */
    private static HostArray quantized(Arithmetic m, double[] numbers, boolean signed) {
        HostArray y = HostArray.zeros(numbers.length);
        for (int from = 0; from < numbers.length; from += QuantizedBlocks.SIZE) {
            int to = Math.min(numbers.length, from + QuantizedBlocks.SIZE);
            double scale = 0;
            for (int i = from; i < to; i++) {
                scale = Math.max(scale, Math.abs(numbers[i]));
            }
            for (int i = from; i < to; i++) {
                double best = signed ? 0 : values(false)[1];
                for (float value : values(signed)) {
                    boolean allowed = signed || value > 0;
                    double x = numbers[i] / scale;
                    if (allowed && Math.abs(value - x) < Math.abs(best - x)) {
                        best = value;
                    }
                }
                y.values()[i] = m.of(best * scale);
            }
        }
        return y;
    }
}
