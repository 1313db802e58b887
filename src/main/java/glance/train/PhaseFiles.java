package glance.train;

import java.nio.file.Path;
import java.util.List;

/**
 * What training an adapter leaves in a folder.
 *
 * @param adapter the result
 * @param checkpoint the state from which a run can go on
 * @param log every step, as CSV
 * @param plot the losses, as PNG
 */
public record PhaseFiles(Path adapter, Path checkpoint, Path log, Path plot) {
    /** The files of a phase: slow.safetensors and so on. */
    public static PhaseFiles in(Path folder, String phase) {
        return new PhaseFiles(
                folder.resolve(phase + ".safetensors"),
                folder.resolve(phase + ".checkpoint.safetensors"),
                folder.resolve(phase + ".csv"),
                folder.resolve(phase + ".png"));
    }

    /** All of them. */
    public List<Path> all() {
        return List.of(adapter, checkpoint, log, plot);
    }
}
