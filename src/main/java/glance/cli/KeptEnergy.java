package glance.cli;

import glance.lora.LoraResize;
import java.io.PrintStream;
import java.util.Map;

/** What resizing left of the modules of one kind. */
final class KeptEnergy {
    private int modules;
    private int rankBefore;
    private int lowestRank = Integer.MAX_VALUE;
    private int highestRank;
    private double lowestKept = 1;
    private double keptSum;

    void add(int before, LoraResize.Result result) {
        modules++;
        rankBefore = Math.max(rankBefore, before);
        lowestRank = Math.min(lowestRank, result.pair().rank());
        highestRank = Math.max(highestRank, result.pair().rank());
        lowestKept = Math.min(lowestKept, result.kept());
        keptSum += result.kept();
    }

    static void print(Map<String, KeptEnergy> kinds, PrintStream out) {
        Table table = new Table("modules", "count", "rank", "to", "kept, mean", "kept, least");
        kinds.forEach(
                (name, kind) ->
                        table.row(
                                name,
                                Integer.toString(kind.modules),
                                Integer.toString(kind.rankBefore),
                                kind.lowestRank == kind.highestRank
                                        ? Integer.toString(kind.lowestRank)
                                        : kind.lowestRank + " to " + kind.highestRank,
                                LoraFormat.percent(kind.keptSum / kind.modules),
                                LoraFormat.percent(kind.lowestKept)));
        table.print(out);
    }
}
