package glance.formula;

/** The elements of a tensor by position, row-major: known numbers, or a formula in float64. */
@FunctionalInterface
public interface Elements {
    /** Element {@code index}. */
    double at(long index);

    /** {@code count} elements from {@code start}, {@code step} apart. */
    default double[] slice(long start, long step, int count) {
        double[] slice = new double[count];
        for (int i = 0; i < count; i++) {
            slice[i] = at(start + i * step);
        }
        return slice;
    }
}
