package glance.roofline;

/**
 * The least time that a kernel can take.
 *
 * @param bound what makes it so: "arithmetic" or "memory"
 */
public record Floor(double micros, String bound) {}
