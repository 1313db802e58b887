package glance.tensor;

/** Stride arithmetic of views. */
final class Strides {
    private Strides() {}

    /**
     * Strides of the same memory under another shape, or null where a copy would be needed. Walks
     * both shapes from the left and matches groups of dimensions with equal products; a group can
     * be regrouped only if its source dimensions are packed among themselves.
     */
    static long[] reshape(Shape source, long[] strides, Shape target) {
        int[] dims = new int[source.rank()];
        long[] steps = new long[source.rank()];
        int rank = 0;
        for (int i = 0; i < source.rank(); i++) {
            if (source.dim(i) != 1) {
                dims[rank] = source.dim(i);
                steps[rank++] = strides[i];
            }
        }
        long[] result = new long[target.rank()];
        int s = 0;
        int t = 0;
        while (t < target.rank()) {
            if (target.dim(t) == 1) {
                result[t++] = 1;
                continue;
            }
            int sEnd = s + 1;
            int tEnd = t + 1;
            long sProduct = dims[s];
            long tProduct = target.dim(t);
            while (sProduct != tProduct) {
                if (sProduct < tProduct) {
                    sProduct *= dims[sEnd++];
                } else {
                    tProduct *= target.dim(tEnd++);
                }
            }
            for (int i = sEnd - 1; i > s; i--) {
                if (steps[i - 1] != steps[i] * dims[i]) {
                    return null;
                }
            }
            long inner = steps[sEnd - 1];
            for (int i = tEnd - 1; i >= t; i--) {
                result[i] = inner;
                inner *= target.dim(i);
            }
            s = sEnd;
            t = tEnd;
        }
        return result;
    }
}
