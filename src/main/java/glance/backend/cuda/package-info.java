/**
 * The CUDA device. {@link glance.backend.cuda.CudaDevice} ties together memory ({@link
 * glance.backend.cuda.CudaMemory}), code and launches ({@link glance.backend.cuda.Launcher}) and
 * one small launcher class for each kernel file of the folder kernels. Work that is queued again
 * and again becomes a graph ({@link glance.backend.cuda.Graphs}). All of it runs on any {@link
 * glance.backend.cuda.driver.Driver}: a GPU, or the emulated one of the tests.
 *
 * <p>Not API: may change in any release.
 */
package glance.backend.cuda;
