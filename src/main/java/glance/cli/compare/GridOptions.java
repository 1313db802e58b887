package glance.cli.compare;

import glance.api.Lora;
import glance.api.LoraGrid;
import glance.api.Steps;
import glance.api.Strength;
import glance.cli.common.Names;
import glance.cli.common.Session;
import glance.cli.common.WrongUseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Option;

/** The options of a grid of strengths. */
final class GridOptions {
    private static final String SYNTAX = "FILE[@STEPS]=STRENGTH,...";

    @Option(
            names = "--lora-grid",
            paramLabel = SYNTAX,
            description =
                    "A grid of strengths, of one prompt and seed; 0 is without the adapter. Given"
                            + " twice: the first adapter's strengths down, the second's across."
                            + " Given once: its strengths across, the phases of the plan down.")
    private List<String> adapters = new ArrayList<>();

    @Option(
            names = "--grid-steps",
            paramLabel = "STEPS",
            split = ";",
            description =
                    "Other rows for a grid of one adapter, such as 'slow;fast;1-10' or"
                            + " '0%%-50%%;50%%-100%%'.")
    private List<String> steps = new ArrayList<>();

    boolean isGiven() {
        return !adapters.isEmpty();
    }

    /**
     * The grid.
     *
     * @throws WrongUseException if it makes no sense
     */
    LoraGrid grid(Session session) {
        List<LoraGrid.Axis> axes = adapters.stream().map(text -> axis(session, text)).toList();
        List<Steps> rows =
                steps.stream()
                        .map(text -> CompareRuns.argument("--grid-steps", text, Steps::parse))
                        .toList();
        return CompareRuns.argument("--lora-grid", axes, all -> new LoraGrid(all, rows));
    }

    /** Refuses steps without an adapter. */
    void requireNone() {
        if (!steps.isEmpty()) {
            throw new WrongUseException("--grid-steps: needs --lora-grid " + SYNTAX);
        }
    }

    private static LoraGrid.Axis axis(Session session, String text) {
        // Steps such as sigma=1..0.8, and names of files, may have the sign too; strengths do not.
        int split = text.lastIndexOf('=');
        if (split < 1) {
            throw new WrongUseException("--lora-grid " + text + ": expected " + SYNTAX);
        }
        Lora lora =
                CompareRuns.argument(
                        "--lora-grid", text.substring(0, split), name -> Names.lora(session, name));
        if (!lora.strength().equals(Strength.OF_PLAN)) {
            throw new WrongUseException(
                    "--lora-grid "
                            + text
                            + ": strengths stand behind '='; leave out :"
                            + lora.strength());
        }
        return CompareRuns.argument(
                "--lora-grid",
                Arrays.asList(text.substring(split + 1).split(",", -1)),
                all -> new LoraGrid.Axis(lora, all.stream().map(Strength::parse).toList()));
    }
}
