package glance.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Layout;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** In help, the options of a command under headings, the common ones first. */
final class OptionGroups implements IHelpSectionRenderer {
    /** In each line a heading and its options. */
    private static final String TRAIN =
            """
            Model: --model --transformer --vae --text-encoder --text-encoder-2 --text-encoder-3\
             --tokenizer --plan --phase --max-prompt-tokens --embedded-guidance
            Data: --image --caption --reference --data --size --caption-dropout
            Adapter: --rank --alpha --targets
            Optimizer: --steps --rate --warmup --accumulation --weight-decay --max-grad-norm\
             --beta1 --beta2 --eps --adam8bit
            Run: --out --resume --overwrite --sample-every --sample-prompt --checkpoint-every\
             --config --seed --device --memory --threads --dtype --variant --gradient-checkpointing\
             --cache --offline --help --verbose
            """;

    private final Map<String, List<OptionSpec>> groups = new LinkedHashMap<>();

    private OptionGroups(CommandSpec command, String table) {
        List<OptionSpec> left = new ArrayList<>(command.options());
        left.removeIf(OptionSpec::hidden);
        for (String line : table.split("\n")) {
            String[] words = line.split(" +");
            groups.put(
                    words[0],
                    Arrays.stream(words).skip(1).map(name -> take(command, name, left)).toList());
        }
        if (!left.isEmpty()) {
            throw new IllegalStateException(left + " of " + command.name() + " are in no group");
        }
    }

    private static OptionSpec take(CommandSpec command, String name, List<OptionSpec> left) {
        OptionSpec option = command.findOption(name);
        if (!left.remove(option)) {
            throw new IllegalStateException(
                    command.name() + " must have " + name + ", in one group");
        }
        return option;
    }

    /** Adds the headings to the commands that have some. */
    static void addTo(CommandLine commands) {
        CommandLine train = commands.getSubcommands().get("train");
        if (train == null) {
            return;
        }
        train.getHelpSectionMap()
                .put(
                        UsageMessageSpec.SECTION_KEY_OPTION_LIST,
                        new OptionGroups(train.getCommandSpec(), TRAIN));
    }

    @Override
    public String render(Help help) {
        StringBuilder text = new StringBuilder();
        groups.forEach(
                (heading, options) -> {
                    Layout layout = help.createDefaultLayout();
                    layout.addOptions(options, help.parameterLabelRenderer());
                    text.append(text.isEmpty() ? "" : System.lineSeparator())
                            .append(heading)
                            .append(System.lineSeparator())
                            .append(layout);
                });
        return text.toString();
    }
}
