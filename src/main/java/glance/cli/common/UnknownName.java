package glance.cli.common;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.UnmatchedArgumentException;

/** What is said about an option or a command that there is not. */
final class UnknownName {
    private static final String PLAN = "the steps of a run are in --plan";
    private static final String ADAPTER = "write --lora FILE:STRENGTH";
    private static final String DTYPE = "use --dtype";
    private static final String DEVICE = "use --device";
    private static final String NOISE = "pictures start from noise, not from another picture";

    /** Options of other tools whose meaning is another here. */
    private static final Map<String, String> ELSEWHERE =
            Map.ofEntries(
                    Map.entry("--sampler", PLAN),
                    Map.entry("--sampler-name", PLAN),
                    Map.entry("--sampling-method", PLAN),
                    Map.entry("--scheduler", PLAN),
                    Map.entry("--sigmas", PLAN),
                    Map.entry("--lora-scale", ADAPTER),
                    Map.entry("--lora-weight", ADAPTER),
                    Map.entry("--lora-strength", ADAPTER),
                    Map.entry("--fp16", DTYPE),
                    Map.entry("--bf16", DTYPE),
                    Map.entry("--half", DTYPE),
                    Map.entry("--mixed-precision", DTYPE),
                    Map.entry("--cpu", DEVICE),
                    Map.entry("--cuda", DEVICE),
                    Map.entry("--gpu", DEVICE),
                    Map.entry("--outdir", "use --out FOLDER/"),
                    Map.entry("--output-dir", "use --out FOLDER/"),
                    Map.entry("--init-image", NOISE),
                    Map.entry("--strength", NOISE),
                    Map.entry("--denoise", NOISE));

    private UnknownName() {}

    /** What the user may have meant, in words, if anything comes near. */
    static Optional<String> advice(UnmatchedArgumentException e) {
        List<String> unmatched = e.getUnmatched();
        if (unmatched.isEmpty()) {
            return Optional.empty();
        }
        String name = unmatched.get(0).replaceFirst("=.*", "");
        CommandSpec command = e.getCommandLine().getCommandSpec();
        Optional<String> nearest = Nearest.of(name, candidates(command, e.isUnknownOption()));
        return nearest.map(near -> "did you mean " + near + "?")
                .or(() -> Optional.ofNullable(ELSEWHERE.get(name.replace('_', '-'))));
    }

    private static Collection<String> candidates(CommandSpec command, boolean options) {
        // In order of the alphabet, so that of two equally near ones always the same is said.
        return options
                ? new TreeMap<>(command.optionsMap()).keySet()
                : command.subcommands().keySet();
    }
}
