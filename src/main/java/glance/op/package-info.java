/**
 * The vocabulary of operations: {@link glance.op.Op} and the plain records of its arguments. Models
 * speak it to {@code glance.ops}, and {@code glance.ops} to devices.
 *
 * <p>Not API: may change in any release.
 */
package glance.op;
