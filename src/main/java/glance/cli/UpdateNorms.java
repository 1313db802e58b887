package glance.cli;

import glance.lora.LoraFile;
import glance.lora.LowRankSvd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How much adapters change the weights that they are for. */
final class UpdateNorms {
    private static final double MOST = 0.95;

    private UpdateNorms() {}

    /**
     * The update of one module.
     *
     * @param module its name without prefix
     * @param in columns of its weight
     * @param out rows of its weight
     * @param norm Frobenius norm of the update
     * @param largest its largest singular value
     * @param rankFor95 the rank that keeps 95 % of the squared norm
     */
    record Module(
            String module,
            int in,
            int out,
            int rank,
            float alpha,
            double norm,
            double largest,
            int rankFor95) {}

    static List<Module> of(Session session, LoraFile file) {
        List<Module> modules = new ArrayList<>();
        try (Work work = new Work(session, "module", file.pairs().size())) {
            file.pairs()
                    .forEach(
                            (name, pair) -> {
                                work.next(name);
                                LowRankSvd svd = svd(file, name);
                                modules.add(
                                        new Module(
                                                name,
                                                pair.a().shape().dim(1),
                                                pair.b().shape().dim(0),
                                                pair.rank(),
                                                pair.alpha(),
                                                svd.norm(),
                                                svd.values()[0],
                                                svd.rankFor(MOST)));
                            });
        }
        return modules;
    }

    private static LowRankSvd svd(LoraFile file, String module) {
        try {
            return LowRankSvd.of(module, file.pairs().get(module));
        } catch (IllegalArgumentException e) {
            throw LoraFormat.named(file.path(), e);
        }
    }

    /** One row for each kind of module, or for each module. */
    static Table table(List<Module> modules, boolean each) {
        Table table =
                new Table(
                        each ? "module" : "modules",
                        "count",
                        "rank",
                        "update norm",
                        "largest singular value",
                        "rank for 95 %");
        Map<String, List<Module>> groups = new LinkedHashMap<>();
        for (Module module : modules) {
            String key = each ? module.module() : LoraFormat.kind(module.module());
            groups.computeIfAbsent(key, unused -> new ArrayList<>()).add(module);
        }
        groups.forEach(
                (name, group) ->
                        table.row(
                                name,
                                Integer.toString(group.size()),
                                range(group.stream().mapToInt(Module::rank).toArray()),
                                range(group.stream().mapToDouble(Module::norm).toArray()),
                                range(group.stream().mapToDouble(Module::largest).toArray()),
                                range(group.stream().mapToInt(Module::rankFor95).toArray())));
        return table;
    }

    private static String range(int... values) {
        int low = Arrays.stream(values).min().orElseThrow();
        int high = Arrays.stream(values).max().orElseThrow();
        return low == high ? Integer.toString(low) : low + " to " + high;
    }

    private static String range(double... values) {
        String low = LoraFormat.number(Arrays.stream(values).min().orElseThrow());
        String high = LoraFormat.number(Arrays.stream(values).max().orElseThrow());
        return low.equals(high) ? low : low + " to " + high;
    }
}
