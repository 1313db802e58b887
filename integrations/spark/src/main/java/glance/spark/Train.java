package glance.spark;

import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.schedule.PlanJson;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains adapters for each picture of a table: {@code --help} tells how. */
@Command(
        name = "glance.spark.Train",
        sortOptions = false,
        usageHelpWidth = 100,
        header = "Trains a pair of adapters, Slow and Fast, for each picture of a table.",
        description = {
            "",
            "Columns: picture (a path of Spark's file systems, or one from the folder of the"
                    + " table) and caption, and as far as there are any: id, plan, phases (names"
                    + " with commas between them, or all), steps, rank, learning_rate, size, seed."
                    + " The options of these names are for rows without a value.",
            "",
            "The adapters of a row are in a folder OUT/adapters/NAME, a file for each phase; what"
                    + " became of each row is in the table OUT/manifest. The same command goes on"
                    + " after whatever ended it.",
            ""
        },
        footer = {
            "",
            "Exit codes: 0 done, 1 the job failed, 2 wrong use, 3 rows failed (--fail-on-error).",
            "",
            "Examples:",
            "  java -cp glance-spark.jar glance.spark.Train pictures.csv --out learned --local",
            "  spark-submit --master yarn --class glance.spark.Train glance-spark.jar \\",
            "      s3a://bucket/pictures.jsonl --out s3a://bucket/learned --model Qwen/Qwen-Image"
        })
public final class Train implements Callable<Integer> {
    @Mixin private JobOptions options;

    @Option(
            names = "--pictures-per-task",
            defaultValue = "1",
            paramLabel = "N",
            description = "Trainings of a task, one after the other. Default: ${DEFAULT-VALUE}.")
    private int each;

    @Option(
            names = "--plan",
            paramLabel = "PLAN",
            description =
                    "The plan whose phases are trained: a name, or a file on this machine. Default:"
                            + " glance.")
    private String plan;

    @Option(
            names = "--phases",
            paramLabel = "NAMES",
            description = "Those of the plan to train, or all for one adapter of every step.")
    private String phases;

    @Option(names = "--steps", paramLabel = "N", description = "Steps of each adapter.")
    private String steps;

    @Option(names = "--rank", paramLabel = "N", description = "Inner dimension of the adapters.")
    private String rank;

    @Option(names = "--learning-rate", paramLabel = "RATE", description = "Learning rate.")
    private String learningRate;

    @Option(names = "--size", paramLabel = "WIDTHxHEIGHT", description = "Of all pictures.")
    private String size;

    @Option(names = "--seed", paramLabel = "N", description = "Of all that is drawn by chance.")
    private String seed;

    /** Starts with the arguments of a command line. */
    public static void main(String[] args) {
        Start.main(new Train(), args);
    }

    /** Not part of the library: what the command line runs. */
    @Override
    public Integer call() throws Exception {
        return Session.run(
                options, each, Pictures.maker(options.model(), defaults(), options.table));
    }

    private String defaults() {
        ObjectNode row = Columns.MAPPER.createObjectNode();
        row.put("plan", plan == null ? null : PlanJson.write(PlanJson.find(plan)));
        row.put("phases", phases);
        row.put("steps", steps);
        row.put("rank", rank);
        row.put("learning_rate", learningRate);
        row.put("size", size);
        row.put("seed", seed);
        return row.toString();
    }
}
