package glance.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import glance.pipeline.MemoryForecast;
import java.io.IOException;
import java.nio.file.Path;
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
        static Gain of(DenoiseResult ours, String over, int steps, double medianStepSeconds) {
            double fewer = (double) steps / ours.stepSeconds.size();
            double faster = medianStepSeconds / ours.medianStepSeconds;
            return new Gain(over, fewer * faster, fewer, faster);
        }
    }

    /** The gain over a run of this engine whose JSON was kept. */
    Gain over(Path file) throws IOException {
        JsonNode other = new ObjectMapper().readTree(file.toFile());
        if (!other.path("stepSeconds").isArray() || !other.path("medianStepSeconds").isNumber()) {
            throw new WrongUseException(
                    "--baseline " + file + ": expected what bench denoise --json printed");
        }
        String over =
                other.path("plan").asText() + " on " + other.path("device").asText() + ", " + file;
        return Gain.of(
                this,
                over,
                other.get("stepSeconds").size(),
                other.get("medianStepSeconds").asDouble());
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
