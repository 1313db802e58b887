package glance.cli.bench;

import glance.pipeline.MemoryForecast;
import java.util.List;

/**
 * What {@code bench denoise} measured; the fields are those of its JSON.
 *
 * @param rank of the adapters, 0 for none
 * @param medianStepSeconds of all steps: one that the first, which loads code, does not spoil
 * @param stepSeconds of every step
 * @param switchSeconds of every change of adapters
 * @param denoisingSeconds all steps together
 * @param pictureSeconds of as many steps as the plan has, each taking the median
 * @param totalSeconds with loading, text and decoding
 * @param peakBytes memory of the largest part
 * @param memory of each part
 * @param gains over other runs, by what they are
 */
record DenoiseResult(
        String model,
        String device,
        String size,
        String plan,
        int rank,
        double medianStepSeconds,
        List<Double> stepSeconds,
        List<Double> switchSeconds,
        double denoisingSeconds,
        double pictureSeconds,
        double totalSeconds,
        long peakBytes,
        List<MemoryForecast.Part> memory,
        List<Gain> gains) {
    /**
     * How many times as fast as another run, from noise to latents: the product of two causes.
     *
     * @param over what the other run was
     * @param total {@code fewerSteps * fasterSteps}
     * @param fewerSteps its number of steps over ours
     * @param fasterSteps its median step over ours: device, kernels, adapters
     */
    record Gain(String over, double total, double fewerSteps, double fasterSteps) {
        static Gain of(DenoiseResult ours, DenoiseBaseline other) {
            double fewer = (double) other.steps() / ours.stepSeconds.size();
            double faster = other.medianStepSeconds() / ours.medianStepSeconds;
            return new Gain(other.name(), fewer * faster, fewer, faster);
        }
    }

    DenoiseResult with(List<Gain> found) {
        return new DenoiseResult(
                model,
                device,
                size,
                plan,
                rank,
                medianStepSeconds,
                stepSeconds,
                switchSeconds,
                denoisingSeconds,
                pictureSeconds,
                totalSeconds,
                peakBytes,
                memory,
                found);
    }
}
