package glance.api;

/**
 * Memory of one device.
 *
 * @param scratchBytes tensors alive now, weights not counted
 * @param peakScratchBytes largest value of {@code scratchBytes} since the last reset
 * @param weightBytes adopted weights, mapped file pages included
 * @param peakWeightBytes largest value of {@code weightBytes} since the last reset
 * @param pooledBytes freed blocks kept for reuse
 * @param hostBytes weights that take turns on the device, in pinned host memory
 * @param peakHostBytes largest value of {@code hostBytes} since the last reset
 */
public record MemoryStats(
        long scratchBytes,
        long peakScratchBytes,
        long weightBytes,
        long peakWeightBytes,
        long pooledBytes,
        long hostBytes,
        long peakHostBytes) {
    /** Without weights in host memory. */
    public MemoryStats(
            long scratchBytes,
            long peakScratchBytes,
            long weightBytes,
            long peakWeightBytes,
            long pooledBytes) {
        this(scratchBytes, peakScratchBytes, weightBytes, peakWeightBytes, pooledBytes, 0, 0);
    }
}
