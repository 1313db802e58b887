package glance.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import glance.backend.Device;
import glance.backend.MemoryStats;
import glance.schedule.PhasePlan;
import glance.schedule.Seeds;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a run did, for the user's last line and for programs.
 *
 * @param files the pictures
 * @param prompts their prompts
 * @param model the model
 * @param adapters what was added to it
 * @param plan name of the plan
 * @param device where it ran
 * @param seed of the first picture
 * @param steps denoising steps in all
 * @param forwardPasses of the transformer for one picture of each batch, in all
 * @param seconds from the start of the command until the last file was written
 * @param tensorPeakBytes most memory of activations on the device
 * @param processPeakBytes most memory of the process, or null where the system does not tell
 */
record RunReport(
        List<String> files,
        List<String> prompts,
        String model,
        List<String> adapters,
        String plan,
        String device,
        BigInteger seed,
        int steps,
        int forwardPasses,
        double seconds,
        long tensorPeakBytes,
        Long processPeakBytes) {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String PEAK_KEY = "VmHWM:";

    static RunReport of(
            Settings settings,
            PhasePlan plan,
            List<String> files,
            Device device,
            boolean guided,
            double seconds) {
        MemoryStats memory = device.memory().stats();
        int steps = plan.steps().size() * settings.prompts().size();
        return new RunReport(
                files,
                settings.prompts(),
                settings.model(),
                settings.adapters().stream().map(AdapterNames::text).toList(),
                plan.name(),
                device.info().id(),
                Seeds.number(settings.seed()),
                steps,
                guided ? 2 * steps : steps,
                seconds,
                memory.peakScratchBytes(),
                peakOfProcess());
    }

    /** Prints a line to stderr, or all as JSON to stdout. */
    void print(Session session, boolean json) throws JsonProcessingException {
        if (json) {
            ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
            session.out().println(mapper.writeValueAsString(this));
            return;
        }
        session.note(
                Units.plural(files.size(), "picture")
                        + " in "
                        + Units.seconds(seconds)
                        + ": "
                        + Units.plural(steps, "step")
                        + ", "
                        + Units.plural(forwardPasses, "forward pass")
                        + ", peak memory "
                        + (processPeakBytes == null ? "" : Units.bytes(processPeakBytes) + ", ")
                        + Units.bytes(tensorPeakBytes)
                        + " of it tensors");
    }

    /** As Linux counts it, in lines such as {@code VmHWM: 123456 kB}. */
    static Long peakOfProcess() {
        try (Stream<String> lines = Files.lines(STATUS)) {
            return lines.filter(line -> line.startsWith(PEAK_KEY))
                    .map(line -> line.replaceAll("\\D", ""))
                    .map(kilobytes -> Long.parseLong(kilobytes) * 1024)
                    .findFirst()
                    .orElse(null);
        } catch (IOException e) {
            return null;
        }
    }
}
