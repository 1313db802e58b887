package glance.tools;

import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.Scaling;
import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * A tensor in another type, and what that cost. Pieces of it are worked on by all cores; the result
 * does not depend on how many there are.
 *
 * @param data the stored tensor; little-endian
 * @param weight square of the norm of the tensor
 * @param lost square of the norm of what rounding took
 */
record Rounding(ByteBuffer data, double weight, double lost) {
    /** Whole blocks of every type. */
    private static final int PIECE = 1 << 14;

    private static final int MOST_E4M3 = 448;

    /**
     * Stores a tensor.
     *
     * @param scale what stored numbers are to be multiplied by
     * @throws IllegalArgumentException if a number is not finite, or beyond what the type holds;
     *     {@link #isFinite} tells which
     */
    static Rounding of(HostTensor tensor, DType type, float scale) {
        int count = Math.toIntExact(tensor.shape().numel());
        ByteBuffer data =
                ByteBuffer.allocate(Math.toIntExact(type.bytes(count)))
                        .order(ByteOrder.LITTLE_ENDIAN);
        int pieces = pieces(tensor);
        double[] weights = new double[pieces];
        double[] losses = new double[pieces];
        String[] problems = new String[pieces]; // a stream would wrap what is thrown in it
        IntStream.range(0, pieces)
                .parallel()
                .forEach(
                        piece -> {
                            float[] values = values(tensor, piece);
                            float[] stored = values.clone();
                            for (int i = 0; i < stored.length && scale != 1; i++) {
                                stored[i] /= scale;
                            }
                            try {
                                HostFloats.write(type, data, piece * PIECE, stored);
                            } catch (IllegalArgumentException e) {
                                problems[piece] = e.getMessage();
                                return;
                            }
                            HostFloats.read(type, data, piece * PIECE, stored);
                            for (int i = 0; i < stored.length; i++) {
                                double lost = (double) values[i] - (double) stored[i] * scale;
                                if (!Double.isFinite(lost)) {
                                    problems[piece] = type + " does not hold " + values[i];
                                }
                                weights[piece] += (double) values[i] * values[i];
                                losses[piece] += lost * lost;
                            }
                        });
        Arrays.stream(problems)
                .filter(Objects::nonNull)
                .findFirst()
                .ifPresent(
                        problem -> {
                            throw new IllegalArgumentException(problem);
                        });
        return new Rounding(data, Arrays.stream(weights).sum(), Arrays.stream(losses).sum());
    }

    /**
     * A tensor as it is.
     *
     * @throws IllegalArgumentException if a number is not finite
     */
    static Rounding none(HostTensor tensor) {
        double weight = weight(tensor);
        if (!Double.isFinite(weight)) {
            throw new IllegalArgumentException("holds numbers that are not finite");
        }
        return new Rounding(tensor.data(), weight, 0);
    }

    /** Whether all numbers of a tensor are. */
    static boolean isFinite(HostTensor tensor) {
        return Double.isFinite(weight(tensor));
    }

    /** Pieces are added in their order: a parallel sum would depend on how they were shared out. */
    private static double weight(HostTensor tensor) {
        double[] weights =
                IntStream.range(0, pieces(tensor))
                        .parallel()
                        .mapToObj(piece -> values(tensor, piece))
                        .mapToDouble(Rounding::squares)
                        .toArray();
        return Arrays.stream(weights).sum();
    }

    private static double squares(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += (double) value * value;
        }
        return sum;
    }

    /**
     * The scale that makes the largest magnitude of a tensor the largest number of F8_E4M3, within
     * the bounds of {@link Scaling}; 1 for a tensor of zeros.
     */
    static float scale(HostTensor tensor) {
        float largest =
                IntStream.range(0, pieces(tensor))
                        .parallel()
                        .mapToObj(piece -> largest(values(tensor, piece)))
                        .reduce(0f, Math::max);
        float scale = largest / MOST_E4M3;
        return scale > 0 ? Math.min(Scaling.MOST, Math.max(Scaling.LEAST, scale)) : 1;
    }

    private static float largest(float[] values) {
        float largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    private static int pieces(HostTensor tensor) {
        return (Math.toIntExact(tensor.shape().numel()) + PIECE - 1) / PIECE;
    }

    private static float[] values(HostTensor tensor, int piece) {
        int count = Math.toIntExact(tensor.shape().numel());
        float[] values = new float[Math.min(PIECE, count - piece * PIECE)];
        HostFloats.read(tensor.dtype(), tensor.data(), piece * PIECE, values);
        return values;
    }
}
