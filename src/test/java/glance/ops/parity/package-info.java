/**
 * The parity suite: every operation, on every device, against its {@link glance.formula.Formula}. A
 * {@link glance.ops.parity.OpCase} builds its {@link glance.ops.parity.Inputs}, calls {@code
 * glance.ops}, and gives the formula; {@link glance.ops.parity.Parity} compares the two. A new
 * operation adds cases to {@link glance.ops.parity.OpCases}; a new device appears by itself ({@link
 * glance.ops.parity.TestDevice}). Needs no test framework but in the tests themselves, so that
 * {@code glance.bundle.ParityRun} can run it on a host that has none.
 */
package glance.ops.parity;
