package glance.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import glance.backend.Device;
import glance.schedule.PhasePlan;
import glance.schedule.Seeds;
import java.math.BigInteger;
import java.util.List;

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

    static RunReport of(
            Settings settings,
            PhasePlan plan,
            List<String> files,
            Device device,
            boolean guided,
            double seconds) {
        PeakMemory peak = PeakMemory.of(device.memory());
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
                peak.tensors(),
                peak.process());
    }

    /** Prints a line to stderr, or all as JSON to stdout. */
    void print(Session session, boolean json) throws JsonProcessingException {
        if (json) {
            ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
            session.out().println(mapper.writeValueAsString(this));
            return;
        }
        session.note(
                line(
                        files.size(),
                        steps / prompts.size(),
                        forwardPasses / prompts.size(),
                        seconds,
                        new PeakMemory(processPeakBytes, tensorPeakBytes)));
    }

    /**
     * What a run did.
     *
     * @param steps of each picture
     * @param passes of the transformer for each picture
     */
    static String line(int pictures, int steps, int passes, double seconds, PeakMemory peak) {
        String each = pictures == 1 ? "" : " each";
        return Units.plural(pictures, "picture")
                + ", "
                + Units.plural(steps, "step")
                + each
                + " ("
                + Units.plural(passes, "forward pass")
                + "), in "
                + Units.seconds(seconds)
                + ", "
                + peak.text();
    }
}
