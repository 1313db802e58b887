/**
 * The CPU device beside PyTorch in one JVM. A {@link glance.bench.Workload} is one thing both can
 * do; JMH classes and {@link glance.bench.CpuReport} time the same workloads. {@link
 * glance.bench.KernelBenchmark} runs the kernels of {@code glance.roofline} on any device.
 */
package glance.bench;
