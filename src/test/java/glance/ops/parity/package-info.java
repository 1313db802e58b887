/**
 * The parity suite: every operation, on every device, against float64 loops. A {@link
 * glance.ops.parity.OpCase} builds its {@link glance.ops.parity.Inputs}, calls {@code glance.ops},
 * and gives the same formula as a plain loop over an {@link glance.ops.parity.Arithmetic}; {@link
 * glance.ops.parity.Parity} compares the two. A new operation adds cases to {@link
 * glance.ops.parity.OpCases}; a new device appears by itself ({@link
 * glance.ops.parity.TestDevice}). Needs no test framework but in the tests themselves, so that
 * {@code glance.bundle.ParityRun} can run it on a host that has none.
 */
package glance.ops.parity;
