/**
 * What operations compute, by their definitions: every element in float64, or as a plain float32
 * loop would have it ({@link glance.formula.Arithmetic}). The parity suite compares all elements at
 * the edges of tiles, {@code glance.roofline} samples of them at the sizes of published models, and
 * gradients are checked by differences of the same formulas. Knows no device.
 *
 * <p>Not API: may change in any release.
 */
package glance.formula;
