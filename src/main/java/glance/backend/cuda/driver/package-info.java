/**
 * The narrow way to a GPU: memory, streams, events, code, launches, graphs. {@link
 * glance.backend.cuda.driver.Driver} has two implementations, the NVIDIA driver through JCuda and
 * an emulated one that runs the same kernel sources on the CPU. JCuda types appear nowhere else.
 *
 * <p>Not API: may change in any release.
 */
package glance.backend.cuda.driver;
