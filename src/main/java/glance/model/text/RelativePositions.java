package glance.model.text;

import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;

/**
 * The relative position bias of T5, Raffel et al., arXiv 1910.10683: what a head adds to a score
 * depends only on the bucket of the distance {@code key - query}. With 32 buckets and maximum
 * distance 128:
 *
 * <pre>
 *   key - query   0  -1  ..  -7 | -8..-11  -12..-15  ...  -91 and beyond
 *   bucket        0   1  ..   7 |    8         9     ...     15
 *   key - query      +1  ..  +7 | +8..+11  +12..+15  ...  +91 and beyond
 *   bucket           17  ..  23 |   24        25     ...     31
 * </pre>
 *
 * @param table [numBuckets, numHeads]
 */
record RelativePositions(Tensor table, int numBuckets, int maxDistance) {
    /** The bias of every query and key, [numHeads, seqLen, seqLen] F32. */
    Tensor bias(Ops ops, int seqLen) {
        FloatBuffer weights = ops.host().floats(table);
        int numHeads = table.dim(1);
        float[] bias = new float[Math.multiplyExact(numHeads, seqLen * seqLen)];
        for (int query = 0; query < seqLen; query++) {
            for (int key = 0; key < seqLen; key++) {
                int bucket = bucket(key - query, numBuckets, maxDistance);
                for (int head = 0; head < numHeads; head++) {
                    bias[(head * seqLen + query) * seqLen + key] =
                            weights.get(bucket * numHeads + head);
                }
            }
        }
        return ops.host().floats(Shape.of(numHeads, seqLen, seqLen), bias);
    }

    /**
     * Half of the buckets are for keys behind the query. Of each half, the first half counts single
     * distances; the rest grow geometrically up to {@code maxDistance}.
     */
    static int bucket(int distance, int numBuckets, int maxDistance) {
        int half = numBuckets / 2;
        int exact = half / 2;
        int start = distance > 0 ? half : 0;
        int n = Math.abs(distance);
        if (n < exact) {
            return start + n;
        }
        // In float32 as the reference: a distance may lie right on the edge of a bucket.
        float steps =
                (float) Math.log((float) n / exact)
                        / (float) Math.log((double) maxDistance / exact)
                        * (half - exact);
        return start + Math.min(half - 1, exact + (int) steps);
    }
}
