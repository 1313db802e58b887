package glance.cli;

import glance.lora.LoraExtract;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;

/** How much of the change of each kind of module an extracted adapter does not hold. */
final class LostChange {
    private static final class Kind {
        int modules;
        double squares;
        double lostSquares;
        double worst;
    }

    private final Map<String, Kind> kinds = new LinkedHashMap<>();

    void add(String name, LoraExtract.Result result) {
        Kind kind = kinds.computeIfAbsent(name, unused -> new Kind());
        kind.modules++;
        kind.squares += result.norm() * result.norm();
        kind.lostSquares += Math.pow(result.norm() * result.error(), 2);
        kind.worst = Math.max(kind.worst, result.error());
    }

    void print(PrintStream out) {
        Table table = new Table("modules", "count", "norm of change", "lost", "lost, worst");
        kinds.forEach(
                (name, kind) ->
                        table.row(
                                name,
                                Integer.toString(kind.modules),
                                LoraFormat.number(Math.sqrt(kind.squares)),
                                LoraFormat.percent(Math.sqrt(kind.lostSquares / kind.squares)),
                                LoraFormat.percent(kind.worst)));
        table.print(out);
    }
}
