package glance.lora;

import glance.backend.DeviceMemory;
import glance.backend.LowRank;
import glance.io.HostTensor;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Adapters on a device, ready for use: a run asks for all combinations before its first step, and a
 * switch between steps then only exchanges references.
 *
 * <p>Several adapters of one module become one of the sum of their ranks, with nothing lost: each
 * keeps its strength, in float32, beside its matrices.
 *
 * <pre>
 * s1 B1 A1 + s2 B2 A2 = [B1 | B2] diag(s1 ... s1, s2 ... s2) [A1]
 *                                                            [A2]
 * </pre>
 *
 * Ranks may be larger than in the files, filled up with zeros, where the device wants multiples.
 * Owns the memory of everything it hands out; use nothing of it after {@link #close}, and close it
 * before the device. Not thread-safe.
 */
public final class AdapterSet implements AutoCloseable {
    private final Ops ops;
    private final Predicate<String> modules;
    private boolean closed;
    private final List<Storage> owned = new ArrayList<>();
    private final Map<HostTensor, Tensor> stored = new IdentityHashMap<>();
    private final Map<List<Active>, Map<String, LowRank>> combinations = new HashMap<>();

    /**
     * An adapter that takes part.
     *
     * @param file the adapter
     * @param strength 1 for as trained; comes on top of alpha / rank
     */
    public record Active(LoraFile file, float strength) {}

    /**
     * An adapter and when it takes part.
     *
     * @param file the adapter
     * @param strength 1 for as trained
     * @param steps numbers of plan steps, counting from 1
     */
    public record Assignment(LoraFile file, float strength, Set<Integer> steps) {}

    /** For all modules of the adapters. */
    public AdapterSet(Ops ops) {
        this(ops, module -> true);
    }

    /**
     * For one part of a model.
     *
     * @param modules those of the part; nothing is taken to the device for others
     */
    public AdapterSet(Ops ops, Predicate<String> modules) {
        this.ops = ops;
        this.modules = modules;
    }

    /**
     * What each step of a run adds to which module.
     *
     * @param steps number of steps
     * @return one map per step, by module name; steps under the same adapters share one instance
     */
    public List<Map<String, LowRank>> perStep(int steps, List<Assignment> assignments) {
        List<Map<String, LowRank>> result = new ArrayList<>();
        for (int step = 1; step <= steps; step++) {
            int number = step;
            result.add(
                    combine(
                            assignments.stream()
                                    .filter(assignment -> assignment.steps().contains(number))
                                    .map(a -> new Active(a.file(), a.strength()))
                                    .toList()));
        }
        return result;
    }

    /**
     * The sum of adapters, by module name. The same list gives the same instance. An adapter of
     * strength 0 is left out, as is one of other modules.
     */
    public Map<String, LowRank> combine(List<Active> adapters) {
        if (closed) {
            throw new IllegalStateException("these adapters are closed; open a new AdapterSet");
        }
        List<Active> active =
                adapters.stream()
                        .filter(a -> a.strength() != 0)
                        .filter(a -> a.file().pairs().keySet().stream().anyMatch(modules))
                        .toList();
        Map<String, LowRank> known = combinations.get(active);
        if (known == null) {
            known = Collections.unmodifiableMap(build(active));
            combinations.put(active, known);
        }
        return known;
    }

    private Map<String, LowRank> build(List<Active> adapters) {
        Map<String, List<Part>> parts = new LinkedHashMap<>();
        for (Active adapter : adapters) {
            adapter.file()
                    .pairs()
                    .forEach(
                            (module, pair) -> {
                                if (modules.test(module)) {
                                    parts.computeIfAbsent(module, key -> new ArrayList<>())
                                            .add(new Part(pair, adapter.strength()));
                                }
                            });
        }
        Map<String, LowRank> result = new LinkedHashMap<>();
        parts.forEach(
                (module, list) ->
                        result.put(module, list.size() == 1 ? single(list.get(0)) : sum(list)));
        return result;
    }

    /** A module's share of one adapter. */
    private record Part(LoraPair pair, float strength) {
        float scale() {
            return strength * pair.scale();
        }
    }

    /** The file's own matrices, shared by all combinations in which a module has only them. */
    private LowRank single(Part part) {
        Tensor a = stored.computeIfAbsent(part.pair().a(), key -> own(adoptDown(key)));
        Tensor b = stored.computeIfAbsent(part.pair().b(), key -> own(adoptUp(key)));
        return new LowRank(a, b, part.scale());
    }

    private LowRank sum(List<Part> parts) {
        List<Tensor> downs = new ArrayList<>();
        List<Tensor> ups = new ArrayList<>();
        try (Scope scope = ops.scope()) {
            for (Part part : parts) {
                downs.add(adoptDown(part.pair().a()));
                ups.add(adoptUp(part.pair().b()));
            }
            Tensor a = ops.concat(0, downs);
            Tensor b = ops.concat(1, ups);
            float[] scales = columnScales(parts);
            Tensor columns = ops.host().floats(Shape.of(scales.length), scales);
            for (Tensor tensor : List.of(a, b, columns)) {
                tensor.storage().retain();
                own(tensor);
            }
            return new LowRank(a, b, 1, columns);
        } finally {
            ops.device().synchronize();
            downs.forEach(tensor -> tensor.storage().release());
            ups.forEach(tensor -> tensor.storage().release());
        }
    }

    /** The scale of each rank of the joined matrices. */
    private float[] columnScales(List<Part> parts) {
        float[] scales = new float[parts.stream().mapToInt(this::rank).sum()];
        int at = 0;
        for (Part part : parts) {
            Arrays.fill(scales, at, at + rank(part), part.scale());
            at += rank(part);
        }
        return scales;
    }

    /** The rank of a part on the device. */
    private int rank(Part part) {
        return RankPadding.padded(part.pair().rank(), memory().rankMultiple());
    }

    private Tensor adoptDown(HostTensor a) {
        return adopt(RankPadding.down(a, memory().rankMultiple()));
    }

    private Tensor adoptUp(HostTensor b) {
        return adopt(RankPadding.up(b, memory().rankMultiple()));
    }

    private Tensor adopt(HostTensor host) {
        return ops.host().adopt(host.dtype(), host.shape(), host.data());
    }

    private DeviceMemory memory() {
        return ops.device().memory();
    }

    private Tensor own(Tensor tensor) {
        owned.add(tensor.storage());
        return tensor;
    }

    /** Frees the memory of all adapters. */
    @Override
    public void close() {
        closed = true;
        owned.forEach(Storage::release);
        owned.clear();
        stored.clear();
        combinations.clear();
    }
}
