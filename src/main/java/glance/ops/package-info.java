/**
 * The one validated front of every operation. {@link glance.ops.Ops} checks shapes and dtypes,
 * allocates the result, and hands a plain {@link glance.op.Op} record to the device; models are
 * written against it once and run on every device.
 *
 * <p>Not API: may change in any release.
 */
package glance.ops;
