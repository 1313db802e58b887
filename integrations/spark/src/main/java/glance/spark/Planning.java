package glance.spark;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import scala.Tuple2;

/** Reads rows and finds out what they ask for; a row that makes no sense goes on without. */
final class Planning implements FlatMapFunction<Iterator<Tuple2<String, Long>>, Row> {
    private final Craft<?> craft;
    private final Storage storage;

    Planning(Craft<?> craft, Storage storage) {
        this.craft = craft;
        this.storage = storage;
    }

    @Override
    public Iterator<Row> call(Iterator<Tuple2<String, Long>> lines) throws Exception {
        List<Row> rows = new ArrayList<>();
        while (lines.hasNext()) {
            Tuple2<String, Long> line = lines.next();
            rows.add(plan(line._1(), line._2()));
        }
        return rows.iterator();
    }

    private Row plan(String json, long number) throws Exception {
        String hash = Names.hash(json);
        String file = null;
        String unknown = null;
        try {
            Columns columns = Columns.parse(json);
            unknown = String.join(", ", columns.unknown(craft.known()));
            Craft.Piece piece = craft.read(columns);
            hash = piece.hash();
            file = piece.file();
        } catch (RuntimeException e) {
            Failures.requireOfRow(e);
        }
        boolean isThere = file != null && storage.has(file);
        return RowFactory.create(number, json, Names.place(hash), file, isThere, unknown);
    }
}
