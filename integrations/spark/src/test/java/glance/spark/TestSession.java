package glance.spark;

import org.apache.spark.sql.SparkSession;

/** Spark in the JVM of the tests, to look at tables. */
final class TestSession {
    private TestSession() {}

    static SparkSession open() {
        return open(1);
    }

    /**
     * @param cores tasks at once
     */
    static SparkSession open(int cores) {
        return SparkSession.builder()
                .master("local[" + cores + "]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", "1")
                .config("spark.sql.extensions", Manifest.DELTA_EXTENSION)
                .config("spark.sql.catalog.spark_catalog", Manifest.DELTA_CATALOG)
                .getOrCreate();
    }
}
