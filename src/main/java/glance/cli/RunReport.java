package glance.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import glance.Glance;
import glance.cli.common.PeakMemory;
import glance.cli.common.Session;
import glance.cli.common.SettingsOptions;
import glance.cli.common.Units;
import glance.picture.AdapterNames;
import glance.pipeline.Settings;
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
            SettingsOptions.Resolved resolved, List<String> files, Glance glance, double seconds) {
        Settings settings = resolved.settings();
        PeakMemory peak = PeakMemory.of(glance.memory());
        int steps = settings.steps() * settings.prompts().size();
        return new RunReport(
                files,
                settings.prompts(),
                resolved.name(),
                settings.loras().stream().map(AdapterNames::text).toList(),
                settings.plan().name(),
                glance.device().id(),
                Seeds.number(settings.seed()),
                steps,
                settings.guidance().isActive() ? 2 * steps : steps,
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
