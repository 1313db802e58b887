/**
 * The parity suite: every operation, on every device, against its formula in float64, at sizes that
 * break tiles. {@link glance.ops.parity.Parity} evaluates a {@link glance.cases.Case} and looks at
 * every element. A new operation adds cases to {@link glance.ops.parity.OpCases}; a new device
 * appears by itself ({@link glance.ops.parity.TestDevice}). Needs no test framework but in the
 * tests themselves, so that {@code glance.bundle.ParityRun} can run it on a host that has none.
 */
package glance.ops.parity;
