/**
 * The CPU device: float32 arithmetic in plain Java, on weights of any float dtype straight from
 * mapped files. Activations are float arrays from a pool; work is split over threads only along
 * independent results, so the number of threads never changes a bit of them.
 *
 * <p>Not API: may change in any release.
 */
package glance.backend.cpu;
