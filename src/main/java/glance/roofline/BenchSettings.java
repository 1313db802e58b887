package glance.roofline;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What is measured, and how.
 *
 * @param rounds measurements of each kernel
 * @param only kernels whose name has this pattern in it; null for all
 * @param verifyOnly compare results with their definitions, and measure nothing
 * @param peakTeraFlops best rate of products; 0 to measure it
 */
public record BenchSettings(
        Scale scale, int rounds, Pattern only, boolean verifyOnly, double peakTeraFlops) {
    public BenchSettings {
        if (rounds < 1) {
            throw new IllegalArgumentException("rounds must be 1 or more, got " + rounds);
        }
        if (peakTeraFlops < 0) {
            throw new IllegalArgumentException("peak must be positive, got " + peakTeraFlops);
        }
    }

    /** The names of the kernels. */
    public List<String> names() {
        return cases().stream().map(KernelCase::name).toList();
    }

    List<KernelCase> cases() {
        return KernelCases.all(scale).stream()
                .filter(kernel -> only == null || only.matcher(kernel.name()).find())
                .toList();
    }
}
