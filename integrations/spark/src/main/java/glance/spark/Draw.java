package glance.spark;

import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.schedule.PlanJson;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Draws a table of prompts: {@code --help} tells how. */
@Command(
        name = "glance.spark.Draw",
        sortOptions = false,
        usageHelpWidth = 100,
        header = "Draws a table of prompts on a Spark cluster, or on this machine with --local.",
        description = {
            "",
            "Columns: prompt, and as far as there are any: id, negative_prompt, seed, size"
                    + " (WIDTHxHEIGHT), guidance, embedded_guidance, max_prompt_tokens, plan (a"
                    + " name or a plan in JSON), lora ([{\"file\": ..., \"scale\": ..., \"steps\":"
                    + " ...}]). The options of these names are for rows without a value.",
            "",
            "The pictures are in OUT/pictures, under names that follow from the row; what became of"
                    + " each row is in the table OUT/manifest. The same command goes on after"
                    + " whatever ended it.",
            ""
        },
        footer = {
            "",
            "Exit codes: 0 done, 1 the job failed, 2 wrong use, 3 rows failed (--fail-on-error).",
            "",
            "Examples:",
            "  java -jar glance-spark.jar prompts.jsonl --out drawn --local",
            "  spark-submit --master yarn --num-executors 8 glance-spark.jar \\",
            "      s3a://bucket/prompts.parquet --out s3a://bucket/run --model Qwen/Qwen-Image",
            "  spark-submit --master spark://HOST:7077 \\",
            "      --conf spark.executor.resource.gpu.amount=4 --conf spark.executor.cores=4 \\",
            "      glance-spark.jar prompts.csv --out hdfs:///run --gpus-per-task 1 --plan glance"
        })
public final class Draw implements Callable<Integer> {
    @Mixin private JobOptions options;

    @Option(
            names = "--pictures-per-task",
            defaultValue = "4",
            paramLabel = "N",
            description =
                    "Pictures of a task, which are drawn one after the other. Default:"
                            + " ${DEFAULT-VALUE}.")
    private int each;

    @Option(
            names = "--plan",
            paramLabel = "PLAN",
            description =
                    "The steps: a name such as glance or uniform-8, or a file on this machine.")
    private String plan;

    @Option(names = "--size", paramLabel = "WIDTHxHEIGHT", description = "Size in pixels.")
    private String size;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description =
                    "Start noise. Without it, and without a column, a row has a seed that follows"
                            + " from its other values.")
    private String seed;

    @Option(
            names = {"-n", "--negative"},
            paramLabel = "TEXT",
            description = "What guidance leads away from.")
    private String negative;

    @Option(
            names = "--guidance",
            paramLabel = "SCALE",
            description = "Scale of guidance; 1 is off.")
    private String guidance;

    @Option(
            names = "--embedded-guidance",
            paramLabel = "SCALE",
            description = "Scale for models that take it as an input.")
    private String embeddedGuidance;

    @Option(
            names = "--lora",
            paramLabel = "FILE[:STRENGTH][@STEPS]",
            description = "An adapter; may be given several times.")
    private List<String> lora = List.of();

    @Option(
            names = "--lora-dir",
            paramLabel = "FOLDER",
            description =
                    "Where the adapters are that rows name: any path of Spark's file systems, from"
                            + " which an executor fetches an adapter once; file:/FOLDER for a folder"
                            + " of each node.")
    private String loraDir;

    /** Starts with the arguments of a command line. */
    public static void main(String[] args) {
        Start.main(new Draw(), args);
    }

    /** Not part of the library: what the command line runs. */
    @Override
    public Integer call() throws Exception {
        return Session.run(options, each, Prompts.maker(options.model(), defaults(), loraDir));
    }

    private String defaults() {
        ObjectNode row = Columns.MAPPER.createObjectNode();
        row.put("size", size);
        row.put("seed", seed);
        row.put("negative_prompt", negative);
        row.put("guidance", guidance);
        row.put("embedded_guidance", embeddedGuidance);
        row.put("lora", lora.isEmpty() ? null : String.join(";", lora));
        row.put("plan", plan == null ? null : PlanJson.write(PlanJson.find(plan)));
        return row.toString();
    }
}
