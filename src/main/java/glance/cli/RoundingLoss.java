package glance.cli;

import glance.lora.LoraMerge;
import glance.tensor.DType;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;

/** What storing merged weights cost, for each kind of module. */
final class RoundingLoss {
    private static final class Kind {
        int count;
        double weight;
        double update;
        double lost;
        final TreeSet<DType> dtypes = new TreeSet<>();

        void add(Kind other) {
            count += other.count;
            weight += other.weight;
            update += other.update;
            lost += other.lost;
            dtypes.addAll(other.dtypes);
        }
    }

    private final boolean each;
    private final Map<String, Kind> kinds = new LinkedHashMap<>();

    /**
     * @param each whether modules are not taken together
     */
    RoundingLoss(boolean each) {
        this.each = each;
    }

    void add(String module, LoraMerge.Result result) {
        Kind kind = new Kind();
        kind.count = 1;
        kind.weight = result.weightSquares();
        kind.update = result.updateSquares();
        kind.lost = result.lostSquares();
        kind.dtypes.add(result.weight().dtype());
        kinds.computeIfAbsent(each ? module : LoraFormat.kind(module), unused -> new Kind())
                .add(kind);
    }

    void print(PrintStream out) {
        Table table =
                new Table(
                        "modules",
                        "count",
                        "dtype",
                        "update / weight",
                        "error / weight",
                        "error / update");
        Kind all = new Kind();
        kinds.forEach(
                (name, kind) -> {
                    all.add(kind);
                    row(table, name, kind);
                });
        row(table, "all", all);
        table.print(out);
    }

    private static void row(Table table, String name, Kind kind) {
        table.row(
                name,
                Integer.toString(kind.count),
                String.join(", ", kind.dtypes.stream().map(DType::name).toList()),
                ratio(kind.update, kind.weight),
                ratio(kind.lost, kind.weight),
                ratio(kind.lost, kind.update));
    }

    private static String ratio(double squares, double ofSquares) {
        return ofSquares == 0 ? "-" : LoraFormat.number(Math.sqrt(squares / ofSquares));
    }
}
