/**
 * Layers: small holders of weights that know how to apply themselves through {@link
 * glance.ops.Ops}. {@link glance.nn.Parameters} gives them their weights from a checkpoint and
 * reports everything that does not fit.
 *
 * <p>Not API: may change in any release.
 */
package glance.nn;
