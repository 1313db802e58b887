package glance.lora;

import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.lora.KeyMap.Rows;
import glance.lora.KeyMap.Target;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Gives adapters the names of another implementation. Where it holds several modules in one, their
 * adapters become one with the same effect:
 *
 * <pre>
 *   one A for all        A [r, in]         different A       A_q [r, in]
 *   and one scale        B_q                                 A_k [r, in]
 *                        B_k [out, r]                        B_q  0
 *                                                            0    B_k [out, 2 r]
 * </pre>
 *
 * Rows of modules without an adapter are zero.
 */
public final class LoraFusion {
    private LoraFusion() {}

    /**
     * Renames adapters.
     *
     * @param pairs adapters by the model's own names
     * @param names their names, each with the modules that its rows go to
     * @throws IllegalArgumentException if a module has no name there
     */
    public static Map<String, LoraPair> rename(
            Map<String, LoraPair> pairs, Map<String, List<Target>> names) {
        Map<String, LoraPair> renamed = new LinkedHashMap<>();
        Set<String> left = new TreeSet<>(pairs.keySet());
        names.forEach(
                (name, targets) -> {
                    List<Target> present =
                            targets.stream().filter(t -> pairs.containsKey(t.module())).toList();
                    if (!present.isEmpty()) {
                        renamed.put(name, join(present, rows(targets), pairs));
                        present.forEach(target -> left.remove(target.module()));
                    }
                });
        if (!left.isEmpty()) {
            throw new IllegalArgumentException(
                    "these files have no name for " + String.join(", ", left));
        }
        return renamed;
    }

    /**
     * As {@link #rename}, with lengths of rows and biases.
     *
     * @param updates by the model's own names, each with a pair and nothing of full rank
     * @throws IllegalArgumentException if a module has no name there, or shares one with modules of
     *     which not all are DoRAs
     */
    public static Map<String, Update> renameAll(
            Map<String, Update> updates, Map<String, List<Target>> names) {
        Map<String, LoraPair> pairs = new LinkedHashMap<>();
        updates.forEach((module, update) -> pairs.put(module, update.pair()));
        Map<String, Update> renamed = new LinkedHashMap<>();
        rename(pairs, names)
                .forEach(
                        (name, pair) -> {
                            List<Target> targets = names.get(name);
                            HostTensor magnitude = vector(targets, updates, Update::magnitude);
                            boolean whole =
                                    targets.stream()
                                            .map(target -> updates.get(target.module()))
                                            .allMatch(u -> u != null && u.magnitude() != null);
                            if (magnitude != null && !whole) {
                                throw new IllegalArgumentException(
                                        "these files have one name, "
                                                + name
                                                + ", for modules of which only some are DoRAs");
                            }
                            HostTensor bias = vector(targets, updates, Update::bias);
                            renamed.put(name, new Update(pair, null, magnitude, bias));
                        });
        return renamed;
    }

    /** The vectors of several modules in one, zeros where one has none; null if none has. */
    private static HostTensor vector(
            List<Target> targets, Map<String, Update> updates, Function<Update, HostTensor> part) {
        float[] values = new float[rows(targets)];
        boolean any = false;
        for (Target target : targets) {
            Update update = updates.get(target.module());
            HostTensor own = update == null ? null : part.apply(update);
            if (own != null) {
                any = true;
                float[] numbers = HostFloats.read(own);
                int from = 0;
                for (Rows range : target.rows()) {
                    System.arraycopy(numbers, from, values, range.begin(), range.count());
                    from += range.count();
                }
            }
        }
        return any ? HostFloats.tensor(DType.F32, Shape.of(values.length), values) : null;
    }

    private static int rows(List<Target> targets) {
        return targets.stream().mapToInt(Target::end).max().orElse(0);
    }

    private static LoraPair join(List<Target> targets, int rows, Map<String, LoraPair> pairs) {
        LoraPair first = pairs.get(targets.get(0).module());
        if (targets.size() == 1 && isWhole(targets.get(0), rows)) {
            return first;
        }
        boolean shared =
                targets.stream().allMatch(target -> isLike(first, pairs.get(target.module())));
        List<Block> blocks = new ArrayList<>();
        int column = 0;
        for (Target target : targets) {
            LoraPair pair = pairs.get(target.module());
            blocks.add(new Block(pair, target.rows(), column));
            column += shared ? 0 : pair.rank();
        }
        return shared
                ? new LoraPair(first.a(), up(blocks, rows, first.rank(), false), first.alpha())
                : new LoraPair(down(blocks, column), up(blocks, rows, column, true), column);
    }

    /**
     * @param pair the adapter of a module
     * @param rows where its rows of B go
     * @param column where its columns of B begin, and its rows of A
     */
    private record Block(LoraPair pair, List<Rows> rows, int column) {}

    private static boolean isWhole(Target target, int rows) {
        return target.rows().equals(List.of(new Rows(0, rows)));
    }

    private static boolean isLike(LoraPair one, LoraPair other) {
        return one.scale() == other.scale()
                && one.a().dtype() == other.a().dtype()
                && one.a().shape().equals(other.a().shape())
                && one.a().data().equals(other.a().data());
    }

    private static HostTensor down(List<Block> blocks, int rank) {
        int in = blocks.get(0).pair().a().shape().dim(1);
        float[] values = new float[Math.multiplyExact(rank, in)];
        for (Block block : blocks) {
            float[] a = HostFloats.read(block.pair().a());
            System.arraycopy(a, 0, values, block.column() * in, a.length);
        }
        return HostFloats.tensor(DType.F32, Shape.of(rank, in), values);
    }

    private static HostTensor up(List<Block> blocks, int rows, int rank, boolean scaled) {
        float[] values = new float[Math.multiplyExact(rows, rank)];
        for (Block block : blocks) {
            float[] b = HostFloats.read(block.pair().b());
            float scale = scaled ? block.pair().scale() : 1;
            int width = block.pair().rank();
            int from = 0;
            for (Rows range : block.rows()) {
                for (int row = range.begin(); row < range.begin() + range.count(); row++) {
                    for (int r = 0; r < width; r++) {
                        values[row * rank + block.column() + r] = scale * b[from++];
                    }
                }
            }
        }
        return HostFloats.tensor(DType.F32, Shape.of(rows, rank), values);
    }
}
