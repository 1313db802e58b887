package glance.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_set;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.count_if;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.LongAccumulator;
import scala.Tuple2;

/**
 * A run: reads a table, leaves out what the manifest has and is there, shares the rest out, and
 * adds to the manifest what became of each row.
 *
 * @param <P> what a row asks for
 */
final class Job<P extends Craft.Piece> {
    private final SparkSession spark;
    private final Craft<P> craft;
    private final Place place;
    private final Storage storage;
    private final Consumer<String> lines;

    /**
     * What became of the rows of a table.
     *
     * @param made pieces of work that were made now
     * @param kept rows whose piece was there
     * @param failed rows without one
     * @param seconds of the whole run
     */
    record Summary(long made, long kept, long failed, double seconds) {}

    /**
     * How the work is shared out.
     *
     * @param each pieces of a task
     * @param gpus of a task; 0 to leave it to the settings of Spark
     */
    record Share(int each, double gpus) {}

    /**
     * @param lines hears how it goes
     */
    Job(SparkSession spark, Craft<P> craft, Place place, Storage storage, Consumer<String> lines) {
        this.spark = spark;
        this.craft = craft;
        this.place = place;
        this.storage = storage;
        this.lines = lines;
    }

    /**
     * Runs.
     *
     * @param table its rows as JSON
     * @param manifest where it is told
     */
    Summary run(JavaRDD<String> table, Manifest manifest, Share share) throws IOException {
        long start = System.nanoTime();
        String run =
                DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss")
                                .withZone(ZoneOffset.UTC)
                                .format(Instant.now())
                        + "-"
                        + UUID.randomUUID().toString().substring(0, 4);
        storage.sweep();
        manifest.addLeft();
        Dataset<Row> planned = planned(table, manifest).persist(StorageLevel.MEMORY_AND_DISK());
        try {
            Row counts =
                    planned.agg(
                                    count(lit(1)),
                                    count_if(col("is_open")),
                                    collect_set(
                                            when(col("unknown").notEqual(lit("")), col("unknown"))))
                            .head();
            long total = counts.getLong(0);
            long rows = counts.getLong(1);
            warn(counts.getList(2));
            Dataset<Row> open = planned.where(col("is_open"));
            List<Long> places = places(open);
            lines.accept(
                    total
                            + " rows: "
                            + (total - rows)
                            + " are in the manifest, "
                            + places.size()
                            + " "
                            + craft.noun(places.size())
                            + " to do");
            Map<String, Long> told =
                    rows == 0 ? Map.of() : make(open, places, rows, run, manifest, share);
            return new Summary(
                    told.getOrDefault(Rows.DONE, 0L),
                    total - rows + told.getOrDefault(Rows.KEPT, 0L),
                    told.getOrDefault(Rows.FAILED, 0L),
                    (System.nanoTime() - start) / 1e9);
        } finally {
            planned.unpersist();
        }
    }

    private Dataset<Row> planned(JavaRDD<String> table, Manifest manifest) throws IOException {
        JavaRDD<Row> rows = table.zipWithIndex().mapPartitions(new Planning(craft, storage));
        Dataset<Row> recorded =
                manifest.read()
                        .where(col("status").isin(Rows.DONE, Rows.KEPT))
                        .select(col("file"), lit(true).as("is_recorded"))
                        .distinct();
        return spark.createDataFrame(rows, Rows.PLANNED)
                .join(recorded, new String[] {"file"}, "left")
                .withColumn(
                        "is_open",
                        col("is_there").and(col("is_recorded").isNotNull()).equalTo(lit(false)));
    }

    /** Of the pieces, each once, rising: what a task gets follows from these numbers alone. */
    private static List<Long> places(Dataset<Row> open) {
        return open.select("place").distinct().as(Encoders.LONG()).collectAsList().stream()
                .sorted()
                .toList();
    }

    /** Names the columns that no one will look at. */
    private void warn(List<String> unknown) {
        if (!unknown.isEmpty()) {
            lines.accept(
                    "columns without a meaning, kept as 'extra' in the manifest: "
                            + String.join("; ", unknown.subList(0, Math.min(9, unknown.size())))
                            + " (those with one: "
                            + String.join(", ", craft.known().stream().sorted().toList())
                            + ")");
        }
    }

    private Map<String, Long> make(
            Dataset<Row> open,
            List<Long> places,
            long rows,
            String run,
            Manifest manifest,
            Share share)
            throws IOException {
        LongAccumulator done = spark.sparkContext().longAccumulator("rows");
        LongAccumulator failed = spark.sparkContext().longAccumulator("failed rows");
        JavaRDD<Row> work =
                open.select("row", "json", "place")
                        .toJavaRDD()
                        .mapToPair(row -> new Tuple2<>(row.getLong(2), row))
                        .repartitionAndSortWithinPartitions(
                                Bounds.of(places, share.each()), Comparator.<Long>naturalOrder())
                        .mapPartitions(new Making<>(craft, place, storage, run, done, failed));
        if (share.gpus() > 0) {
            work = work.withResources(gpus(share.gpus()));
        }
        Progress progress = new Progress(craft.noun(rows), rows, done, failed, lines);
        spark.sparkContext().addSparkListener(progress);
        try {
            manifest.keep(run, spark.createDataFrame(work, Rows.manifest(craft)));
        } finally {
            spark.sparkContext().removeSparkListener(progress);
        }
        Map<String, Long> told = new HashMap<>();
        for (Row row : manifest.kept(run).groupBy("status").count().collectAsList()) {
            told.put(row.getString(0), row.getLong(1));
        }
        manifest.add(run, told.values().stream().mapToLong(Long::longValue).sum());
        return told;
    }

    private ResourceProfile gpus(double each) {
        int cpus = spark.sparkContext().conf().getInt("spark.task.cpus", 1);
        return new ResourceProfileBuilder()
                .require(new TaskResourceRequests().cpus(cpus).resource("gpu", each))
                .build();
    }
}
