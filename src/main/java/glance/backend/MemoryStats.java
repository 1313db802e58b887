package glance.backend;

/**
 * Memory of one device.
 *
 * @param scratchBytes tensors alive now, weights not counted
 * @param peakScratchBytes largest value of {@code scratchBytes} since the last reset
 * @param weightBytes adopted weights, mapped file pages included
 * @param pooledBytes freed blocks kept for reuse
 */
public record MemoryStats(
        long scratchBytes, long peakScratchBytes, long weightBytes, long pooledBytes) {}
