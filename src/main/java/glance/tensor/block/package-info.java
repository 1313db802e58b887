/**
 * Element types that are no plain numbers: what their bits and blocks say, for devices and readers
 * of files alike. Uses {@link glance.tensor} alone.
 *
 * <p>Not API: may change in any release.
 */
package glance.tensor.block;
