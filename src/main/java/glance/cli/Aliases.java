package glance.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.TypeConversionException;

/**
 * Names that options of the same meaning have in other tools (diffusers and its training scripts,
 * AUTOMATIC1111, ComfyUI, kohya). Help does not list them one by one; each also works with
 * underscores, {@code --num_inference_steps}.
 */
final class Aliases {
    /** A number of steps is a plan: that many of the model's own grid. */
    private static final List<String> STEPS = List.of("--steps", "--num-inference-steps");

    /** In each line an option, then its aliases. */
    private static final String DRAWING =
            """
            --model -m --model-path --pretrained-model-name-or-path
            --negative --negative-prompt
            --guidance --cfg --cfg-scale --true-cfg-scale
            --embedded-guidance --distilled-cfg-scale
            --seed -s
            """;

    private static final String GENERATE =
            """
            --plan --steps --num-inference-steps
            --batch -n --num-images --num-images-per-prompt --batch-size --count
            --out --output
            """;

    private static final String COMPARE =
            """
            --plans --steps --num-inference-steps
            --out -o --output
            """;

    private static final String TRAIN =
            """
            --model -m --model-path --pretrained-model-name-or-path
            --data --instance-data-dir --train-data-dir
            --caption --prompt --instance-prompt
            --size --resolution
            --steps --max-train-steps --num-train-steps
            --rate --learning-rate --lr
            --rank --network-dim
            --alpha --lora-alpha --network-alpha
            --accumulation --gradient-accumulation-steps
            --checkpoint-every --checkpointing-steps
            --out -o --output --output-dir
            """;

    /** Options of one command by those that they stand for. */
    private final Map<OptionSpec, OptionSpec> targets = new LinkedHashMap<>();

    private Aliases() {}

    /** Adds the aliases to the commands that have some, and refuses two names of one option. */
    static void addTo(CommandLine commands) {
        Aliases aliases = new Aliases();
        Map<String, CommandLine> known = commands.getSubcommands();
        aliases.add(known.get("generate"), DRAWING, GENERATE);
        aliases.add(known.get("compare"), DRAWING, COMPARE);
        aliases.add(known.get("train"), TRAIN);
        CommandLine.IExecutionStrategy run = commands.getExecutionStrategy();
        commands.setExecutionStrategy(
                parsed -> {
                    aliases.refuseTwice(parsed);
                    return run.execute(parsed);
                });
    }

    private void add(CommandLine command, String... tables) {
        if (command != null) {
            for (String table : tables) {
                add(command.getCommandSpec(), table);
            }
        }
    }

    private void add(CommandSpec command, String table) {
        for (String line : table.split("\n")) {
            String[] names = line.split(" ");
            Arrays.stream(names).skip(1).forEach(alias -> add(command, names[0], alias));
        }
    }

    private void add(CommandSpec command, String name, String alias) {
        OptionSpec target = command.findOption(name);
        List<String> names = new ArrayList<>(List.of(alias));
        if (alias.lastIndexOf('-') > 1) {
            names.add("--" + alias.substring(2).replace('-', '_'));
        }
        OptionSpec.Builder copy =
                OptionSpec.builder(target)
                        .names(names.toArray(String[]::new))
                        .hidden(true)
                        .defaultValue(null)
                        .hasInitialValue(false);
        if (STEPS.contains(alias)) {
            copy.converters((ITypeConverter<String>) Aliases::uniformPlan);
        }
        OptionSpec added = copy.build();
        command.addOption(added);
        targets.put(added, target);
    }

    private static String uniformPlan(String steps) {
        if (NumberConverters.integer(steps) < 1) {
            throw new TypeConversionException("'" + steps + "' is not a number of steps");
        }
        return steps;
    }

    private void refuseTwice(ParseResult parsed) {
        ParseResult last = parsed;
        while (last.hasSubcommand()) {
            last = last.subcommand();
        }
        Map<OptionSpec, List<OptionSpec>> given =
                last.matchedOptions().stream()
                        .distinct() // an option that is repeated is listed again
                        .collect(
                                Collectors.groupingBy(
                                        option -> targets.getOrDefault(option, option),
                                        LinkedHashMap::new,
                                        Collectors.toList()));
        for (List<OptionSpec> options : given.values()) {
            if (options.size() > 1) {
                String names =
                        options.stream()
                                .map(OptionSpec::longestName)
                                .collect(Collectors.joining(" and "));
                throw new ParameterException(
                        last.commandSpec().commandLine(), names + ": give one of them");
            }
        }
    }
}
