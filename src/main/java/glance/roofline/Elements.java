package glance.roofline;

/** The elements of a tensor by position, row-major: known numbers, or a formula in float64. */
@FunctionalInterface
interface Elements {
    /** Element {@code index}. */
    double at(long index);
}
