package glance.roofline;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What an adapter of one rank costs over the plain product, as a share of its time.
 *
 * @param product tokens x in x out
 * @param plainMicros of the product alone
 * @param merged the product with another weight, which an adapter can be merged into
 * @param unfused three launches
 * @param fused our kernel
 */
public record LoraRow(
        String product, int rank, Spread plainMicros, Spread merged, Spread unfused, Spread fused) {
    /** The table, out of the rows of a report: those products of which all variants were timed. */
    static List<LoraRow> of(List<Row> rows) {
        Map<String, Row> byName =
                rows.stream().collect(Collectors.toMap(Row::name, Function.identity()));
        List<LoraRow> table = new ArrayList<>();
        for (Row plain : rows) {
            String prefix = "lora.plain.";
            if (!plain.name().startsWith(prefix) || plain.timing() == null) {
                continue;
            }
            String product = plain.name().substring(prefix.length());
            for (int rank : LoraCases.RANKS) {
                Row merged = byName.get("lora.merged." + product);
                Row unfused = byName.get("lora.unfused.r" + rank + "." + product);
                Row fused = byName.get("lora.fused.r" + rank + "." + product);
                if (isTimed(merged) && isTimed(unfused) && isTimed(fused)) {
                    table.add(
                            new LoraRow(
                                    product,
                                    rank,
                                    plain.timing().micros(),
                                    merged.timing().overFirst(),
                                    unfused.timing().overFirst(),
                                    fused.timing().overFirst()));
                }
            }
        }
        return table;
    }

    private static boolean isTimed(Row row) {
        return row != null && row.timing() != null;
    }
}
