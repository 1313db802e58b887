package glance.spark;

import java.nio.file.Path;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options that all jobs have. */
final class JobOptions {
    private static final String BUILT_IN = "glance-tiny";

    @Parameters(
            paramLabel = "TABLE",
            description = "The table: a file, a folder, or any path of Spark's file systems.")
    String table;

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "FOLDER",
            description =
                    "Where the results and the folder manifest go: any path of Spark's file"
                            + " systems, such as s3a://bucket/run. What is there is not made again.")
    String out;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description =
                    "Of the table: json (an object in each line), csv (with a header), parquet, or"
                            + " another that Spark reads. Else the ending of its name decides.")
    String format;

    @Option(
            names = {"-m", "--model"},
            defaultValue = BUILT_IN,
            paramLabel = "MODEL",
            description =
                    "A folder that each node has, or a name of the Hugging Face hub, which each"
                            + " node pulls once into its cache. Default: ${DEFAULT-VALUE}, the"
                            + " built-in one.")
    String model;

    @Option(
            names = "--device",
            defaultValue = "auto",
            paramLabel = "DEVICE",
            description =
                    "auto, cpu, cuda, or cuda:N. With auto and cuda, a task that Spark gave a GPU"
                            + " takes that one. Default: ${DEFAULT-VALUE}.")
    String device;

    @Option(
            names = "--threads",
            defaultValue = "0",
            paramLabel = "N",
            description =
                    "Threads of the device cpu in each executor. Default: spark.executor.cores, or"
                            + " all cores of the machine where that is not set.")
    int threads;

    @Option(
            names = "--gpus-per-task",
            defaultValue = "0",
            paramLabel = "N",
            description =
                    "Asks Spark for so many GPUs for each task of this job, with a resource"
                            + " profile; executors must have them"
                            + " (spark.executor.resource.gpu.amount). Not needed where"
                            + " spark.task.resource.gpu.amount is set.")
    double gpus;

    @Option(
            names = "--manifest-format",
            defaultValue = "parquet",
            paramLabel = "FORMAT",
            description =
                    "parquet, or delta where the class path has it. Default: ${DEFAULT-VALUE}.")
    String manifestFormat;

    @Option(
            names = "--fail-on-error",
            description = "Ends with exit code 3 if rows failed. Otherwise they are only counted.")
    boolean failOnError;

    @Option(
            names = "--local",
            arity = "0..1",
            fallbackValue = "0",
            paramLabel = "CORES",
            description =
                    "Runs in this process without a cluster, on so many cores, or on all of them:"
                            + " java -jar glance-spark.jar ... --local")
    Integer local;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this help.")
    boolean help;

    Place place() {
        int cores = threads > 0 || local == null ? threads : local;
        return new Place(model(), device, cores);
    }

    /** The model; a folder as an absolute path, since executors run in other folders than we. */
    String model() {
        boolean isHere = !model.equals(BUILT_IN) && Path.of(model).toFile().exists();
        return isHere ? Path.of(model).toAbsolutePath().normalize().toString() : model;
    }
}
