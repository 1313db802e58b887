package glance.roofline;

/**
 * What a kernel cannot avoid.
 *
 * @param flop additions and multiplications of its products; 0 for kernels that only pass over data
 * @param bytes arguments read once and results written once
 */
public record Cost(double flop, double bytes) {}
