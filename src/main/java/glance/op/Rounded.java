package glance.op;

import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/**
 * Activations in 8 bits with a scale for each row, {@code x = scales[row] q}: where m is the
 * largest magnitude of a row, {@code q = e4m3(x 448 / m)} and {@code scales[row] = m / 448}.
 *
 * @param q F8_E4M3 [batch, seqLen, dim], packed
 * @param scales F32 [batch, seqLen]
 */
public record Rounded(Tensor q, Tensor scales) {
    /** The shape of the scales of x [batch, seqLen, dim]. */
    public static Shape scales(Tensor x) {
        return Shape.of(x.dim(0), x.dim(1));
    }

    /** Bytes that x takes when it is rounded. */
    public static long bytes(Tensor x) {
        return DType.F8_E4M3.bytes(x.numel()) + DType.F32.bytes(scales(x).numel());
    }

    /** That of so many samples. */
    public Rounded samples(int first, int count) {
        return new Rounded(q.narrow(0, first, count), scales.narrow(0, first, count));
    }
}
