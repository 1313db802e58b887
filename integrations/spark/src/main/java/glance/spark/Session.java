package glance.spark;

import glance.api.RequestException;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/** Runs a job in a session of Spark's, and says in the end what became of it. */
final class Session {
    private static final int ROWS_FAILED = 3;

    private Session() {}

    /**
     * Runs a job.
     *
     * @param each pieces of a task
     * @param craft what is made
     * @return the exit code
     */
    static <P extends Craft.Piece> int run(JobOptions options, int each, Craft.Maker<P> craft)
            throws Exception {
        if (!options.manifestFormat.equals("parquet") && !options.manifestFormat.equals("delta")) {
            throw new RequestException(
                    "--manifest-format '" + options.manifestFormat + "': is not parquet or delta");
        }
        Manifest.requireFormat(options.manifestFormat);
        if (each < 1) {
            throw new RequestException("a task must make at least 1, got " + each);
        }
        SparkSession spark = session(options);
        Storage storage;
        Job.Summary summary;
        Craft<P> made;
        String manifest;
        try {
            Configuration conf = spark.sessionState().newHadoopConf();
            made = craft.with(conf);
            storage = Storage.of(options.out, conf);
            Manifest told = new Manifest(spark, storage, made, options.manifestFormat);
            manifest = told.path();
            summary =
                    new Job<>(spark, made, options.place(), storage, Session::say)
                            .run(
                                    Table.rows(spark, options.table, options.format),
                                    told,
                                    new Job.Share(each, options.gpus));
        } finally {
            spark.stop();
            Engine.closeAll();
        }
        storage.sweep();
        System.out.printf(
                "%d %s %s, %d kept, %d failed, in %.1f s: %s%n",
                summary.made(),
                made.noun(summary.made()),
                made.verb(),
                summary.kept(),
                summary.failed(),
                summary.seconds(),
                manifest);
        return options.failOnError && summary.failed() > 0 ? ROWS_FAILED : 0;
    }

    private static SparkSession session(JobOptions options) {
        SparkConf conf = new SparkConf();
        if (options.local != null) {
            String cores = options.local == 0 ? "*" : options.local.toString();
            conf.setIfMissing("spark.master", "local[" + cores + "]");
            conf.setIfMissing("spark.driver.host", "127.0.0.1");
            conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
            conf.setIfMissing("spark.ui.enabled", "false");
            conf.setIfMissing("spark.sql.shuffle.partitions", "4");
        } else if (!conf.contains("spark.master")) {
            throw new RequestException(
                    "no cluster: start this with spark-submit, or give --local to use this machine");
        }
        if (options.manifestFormat.equals("delta")) {
            conf.setIfMissing("spark.sql.extensions", Manifest.DELTA_EXTENSION);
            conf.setIfMissing("spark.sql.catalog.spark_catalog", Manifest.DELTA_CATALOG);
        }
        return SparkSession.builder().appName("glance").config(conf).getOrCreate();
    }

    private static void say(String line) {
        System.err.println("glance: " + line);
    }
}
