/**
 * Element types that are no plain numbers: what their bits and blocks say, for devices and readers
 * of files alike. Uses {@link glance.tensor} alone.
 *
 * <p>This package is not API: it may change in any release.
 */
package glance.tensor.block;
