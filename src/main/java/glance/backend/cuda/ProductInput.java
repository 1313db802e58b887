package glance.backend.cuda;

import glance.op.Rounded;
import glance.tensor.Tensor;

/**
 * What products read of their x. It is made once for all that read one x.
 *
 * @param x [batch, seqLen, in] in the compute type
 * @param rounded null where no product reads x rounded
 */
record ProductInput(Tensor x, Rounded rounded) {
    /** That of some samples. */
    ProductInput samples(int first, int count) {
        return new ProductInput(
                x.narrow(0, first, count), rounded == null ? null : rounded.samples(first, count));
    }
}
