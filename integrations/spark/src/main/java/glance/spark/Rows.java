package glance.spark;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The rows that Spark carries: those of the plan, and those of the manifest. */
final class Rows {
    static final String DONE = "done";
    static final String KEPT = "kept";
    static final String FAILED = "failed";

    /**
     * A row of the table, and what is known before work begins: its number, its text, where its
     * work is to be done, the file that it asks for (null if it makes no sense), whether that is
     * there, and the columns without a meaning.
     */
    static final StructType PLANNED =
            new StructType()
                    .add("row", DataTypes.LongType)
                    .add("json", DataTypes.StringType)
                    .add("place", DataTypes.LongType)
                    .add("file", DataTypes.StringType)
                    .add("is_there", DataTypes.BooleanType)
                    .add("unknown", DataTypes.StringType);

    private Rows() {}

    /** The columns of a manifest. */
    static StructType manifest(Craft<?> craft) {
        StructType columns =
                new StructType()
                        .add("row", DataTypes.LongType)
                        .add("id", DataTypes.StringType)
                        .add("status", DataTypes.StringType)
                        .add("reason", DataTypes.StringType)
                        .add("file", DataTypes.StringType);
        for (var column : craft.columns().fields()) {
            columns = columns.add(column);
        }
        return columns.add("model", DataTypes.StringType)
                .add("seconds", DataTypes.DoubleType)
                .add("sha256", DataTypes.StringType)
                .add("bytes", DataTypes.LongType)
                .add("device", DataTypes.StringType)
                .add("executor", DataTypes.StringType)
                .add("host", DataTypes.StringType)
                .add("attempt", DataTypes.StringType)
                .add("run", DataTypes.StringType)
                .add("finished", DataTypes.TimestampType)
                .add("extra", DataTypes.StringType);
    }

    /** A row of values by name; what is missing is null. */
    static Row of(StructType columns, Map<String, Object> values) {
        return RowFactory.create(
                Arrays.stream(columns.fieldNames()).map(values::get).map(Rows::external).toArray());
    }

    /** Of lists, Spark takes Scala's and arrays, and not Java's. */
    private static Object external(Object value) {
        return value instanceof List<?> list ? list.toArray() : value;
    }
}
