/**
 * The one validated front of every operation. {@link glance.ops.Ops} has all its families, each in
 * an interface of its own ({@link glance.ops.LinearOps}, {@link glance.ops.NormOps} and others). An
 * operation checks shapes and dtypes, allocates the result, and hands a plain {@link glance.op.Op}
 * record to the device; models are written against them once and run on every device.
 *
 * <p>Not API: may change in any release.
 */
package glance.ops;
