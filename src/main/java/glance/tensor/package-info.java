/**
 * The lowest layer: {@link glance.tensor.Shape}, {@link glance.tensor.DType}, and {@link
 * glance.tensor.Tensor}, a typed, strided view on memory that some device owns. Knows no device and
 * no arithmetic; everything else uses it.
 *
 * <p>Not API: may change in any release.
 */
package glance.tensor;
