/**
 * What a device must offer (SPI). A device owns memory ({@link glance.backend.DeviceMemory}) and a
 * table of kernels ({@link glance.backend.KernelTable}), one for each kind of {@link glance.op.Op}
 * that it can run. Ops are plain records of validated arguments: {@code glance.ops} builds them,
 * devices execute them, and nothing else passes between the two.
 *
 * <p>Not API: may change in any release.
 */
package glance.backend;
