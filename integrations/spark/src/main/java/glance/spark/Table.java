package glance.spark;

import glance.api.RequestException;
import java.util.Locale;
import java.util.Map;
import java.util.Map.Entry;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;

/** Reads a table of any format that Spark reads, as a JSON object for each row. */
final class Table {
    private static final Map<String, String> ENDINGS =
            Map.of(
                    "jsonl", "json", "ndjson", "json", "json", "json", "csv", "csv", "parquet",
                    "parquet", "orc", "orc", "avro", "avro");

    private Table() {}

    /**
     * The rows in their order.
     *
     * @param format null to go by the ending of the path
     * @throws RequestException if the ending says nothing
     */
    static JavaRDD<String> rows(SparkSession spark, String path, String format) {
        String known = format == null ? format(path) : format;
        return switch (known) {
            // Not through Spark's reader: of a line that is not JSON it says nothing, and numbers
            // beyond 2^53 it would round.
            case "json" -> spark.read().textFile(path).toJavaRDD().filter(line -> !line.isBlank());
            case "csv" ->
                    spark.read()
                            .option("header", true)
                            .option("multiLine", true)
                            .option("escape", "\"")
                            .csv(path)
                            .toJSON()
                            .toJavaRDD();
            default -> spark.read().format(known).load(path).toJSON().toJavaRDD();
        };
    }

    static String format(String path) {
        String name = path.toLowerCase(Locale.ROOT).replaceAll("/+$", "");
        name = name.replaceAll("\\.(gz|bz2|zst|lz4|snappy|deflate)$", "");
        Optional<String> format =
                ENDINGS.entrySet().stream().filter(endsWith(name)).map(Entry::getValue).findFirst();
        return format.orElseThrow(
                () ->
                        new RequestException(
                                path
                                        + ": the name does not say what it is; give --format json,"
                                        + " csv, parquet, or another that Spark reads"));
    }

    private static Predicate<Entry<String, String>> endsWith(String name) {
        return entry -> name.endsWith("." + entry.getKey());
    }
}
