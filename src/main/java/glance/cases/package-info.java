/**
 * Cases of operations, once for everything that runs them: a {@link glance.cases.Case} is a name
 * and an expression in {@code glance.ops} over {@link glance.cases.Arguments} that it draws. The
 * operations that it issues are noted; from them follow the formula of every result ({@link
 * glance.cases.History}), how far a device may be off ({@link glance.cases.Accuracy}) and what
 * cannot be avoided ({@link glance.cases.Cost}). The parity suite takes them at the edges of tiles,
 * {@code glance.roofline} at the sizes of published models.
 *
 * <p>Not API: may change in any release.
 */
package glance.cases;
