/**
 * Reverse-mode gradients for adapters. A {@link glance.autograd.Tape} listens to {@code glance.ops}
 * and keeps what lies on a path from a watched tensor to the loss; frozen weights get neither
 * gradients nor weight-gradient products. Inference runs the same layers without a tape.
 *
 * <p>Not API: may change in any release.
 */
package glance.autograd;
