package glance.cli.info;

import glance.api.FormatException;
import glance.api.Plan;
import glance.cli.common.Prompts;
import glance.cli.train.TrainFile;
import glance.io.Config;
import glance.io.Yaml;
import glance.schedule.PlanJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** Describes files of text that commands take: plans, configs, prompts, training settings. */
final class TextInspector {
    private static final List<String> ENDINGS = List.of(".json", ".txt", ".yaml", ".yml");

    private TextInspector() {}

    /** Whether the name is that of a file of text. */
    static boolean knows(Path path) {
        return ENDINGS.stream().anyMatch(path.toString()::endsWith);
    }

    /**
     * Describes a file.
     *
     * @throws FormatException if it is damaged, or none of what commands take
     */
    static Inspection.Text inspect(Path path) throws IOException {
        String name = path.toString();
        if (name.endsWith(".txt")) {
            List<String> prompts = Prompts.read(path);
            return new Inspection.Text(
                    "prompts",
                    name,
                    prompts.size() + " prompts for --prompts, the first: " + prompts.get(0));
        }
        return name.endsWith(".json") ? json(path) : settings(path);
    }

    private static Inspection.Text settings(Path path) {
        Config config = Yaml.read(path);
        TrainFile.read(path);
        return new Inspection.Text(
                "settings", path.toString(), "for train --config: " + listed(config.keys()));
    }

    private static Inspection.Text json(Path path) {
        Config config = Config.read(path);
        if (config.has("_class_name") || config.has("architectures")) {
            return new Inspection.Text(
                    "config", path.toString(), "the config of class " + config.className());
        }
        try {
            Plan plan = PlanJson.read(path);
            return new Inspection.Text("plan", path.toString(), text(plan));
        } catch (FormatException e) {
            throw new FormatException(
                    path,
                    null,
                    "is neither a plan nor a config of a model (its keys: "
                            + listed(config.keys())
                            + ")",
                    "as a plan: " + e.getMessage(),
                    e);
        }
    }

    private static String text(Plan plan) {
        String phases =
                plan.phases().stream()
                        .map(p -> p.name() + " " + p.first() + "-" + p.last())
                        .collect(Collectors.joining(", "));
        return "for --plan: "
                + plan.name()
                + ", "
                + plan.levels().count()
                + " steps"
                + (phases.isEmpty() ? "" : ", " + phases);
    }

    private static String listed(List<String> keys) {
        return keys.stream().limit(8).collect(Collectors.joining(", "))
                + (keys.size() > 8 ? ", ..." : "");
    }
}
