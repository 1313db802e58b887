package glance.api;

/**
 * Memory of one device.
 *
 * @param scratchBytes tensors alive now, weights not counted
 * @param peakScratchBytes largest value of {@code scratchBytes} since the last reset
 * @param weightBytes adopted weights, mapped file pages included
 * @param peakWeightBytes largest value of {@code weightBytes} since the last reset
 * @param pooledBytes freed blocks kept for reuse
 */
public record MemoryStats(
        long scratchBytes,
        long peakScratchBytes,
        long weightBytes,
        long peakWeightBytes,
        long pooledBytes) {}
