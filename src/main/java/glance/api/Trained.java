package glance.api;

import java.nio.file.Path;
import java.util.List;

/**
 * What training made.
 *
 * @param adapters one for each phase, in the order of training
 * @param seconds from the first caption to the last file
 */
public record Trained(List<Adapter> adapters, double seconds) {
    public Trained {
        adapters = List.copyOf(adapters);
    }

    /**
     * The adapter of a phase.
     *
     * @param phase its name
     * @param file knows its steps: {@code Lora.of(file)} is enough to draw with it
     * @param losses of the steps that were done now, one for each; none if nothing was left to do
     */
    public record Adapter(String phase, Path file, List<Float> losses) {
        public Adapter {
            losses = List.copyOf(losses);
        }
    }
}
