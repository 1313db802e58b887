package glance.lora;

import glance.backend.DeviceMemory;
import glance.io.HostTensor;
import glance.op.LowRank;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/**
 * Experts on a device, ready for use: a run asks for those of all its steps before the first, and a
 * switch between two steps then exchanges references and copies the strengths.
 *
 * <p>Several experts of one module become one of the sum of their ranks, with nothing lost: each
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
public final class ExpertSet implements AutoCloseable {
    private final Ops ops;
    private final Predicate<String> modules;
    private final ToIntFunction<String> block;
    private boolean closed;
    private final List<Storage> owned = new ArrayList<>();
    private final Map<HostTensor, Tensor> stored = new IdentityHashMap<>();
    private final Map<List<LoraFile>, Blend> blends = new HashMap<>();

    /** For all modules of the adapters. */
    public ExpertSet(Ops ops) {
        this(ops, module -> true);
    }

    /**
     * For a part of a model without blocks.
     *
     * @param modules those of the part; nothing is taken to the device for others
     */
    public ExpertSet(Ops ops, Predicate<String> modules) {
        this(ops, modules, module -> -1);
    }

    /**
     * For one part of a model.
     *
     * @param modules those of the part; nothing is taken to the device for others
     * @param block the number of the block that a module is in, -1 for none
     */
    public ExpertSet(Ops ops, Predicate<String> modules, ToIntFunction<String> block) {
        this.ops = ops;
        this.modules = modules;
        this.block = block;
    }

    /**
     * The experts of each step of a run. Steps with the same experts share an adapter; those with
     * the same strengths, too, share the instance.
     *
     * @param steps number of steps
     */
    public RunExperts perStep(int steps, List<Expert> experts) {
        if (closed) {
            throw new IllegalStateException("these experts are closed; open a new ExpertSet");
        }
        List<Expert> mine =
                experts.stream()
                        .filter(e -> e.file().pairs().keySet().stream().anyMatch(modules))
                        .toList();
        Map<Strengths, StepExperts> known = new HashMap<>();
        List<Storage> rows = new ArrayList<>();
        List<StepExperts> result = new ArrayList<>();
        for (int step = 1; step <= steps; step++) {
            int number = step;
            List<Expert> active = mine.stream().filter(e -> e.isIn(number)).toList();
            Blend blend = blend(active.stream().map(Expert::file).toList());
            Strengths strengths = new Strengths(blend, row(active, number));
            result.add(known.computeIfAbsent(strengths, key -> place(key, rows)));
        }
        return new RunExperts(result, rows);
    }

    /** The strengths of a step; two of the same experts and values are equal. */
    private record Strengths(Blend blend, List<Float> row) {}

    private StepExperts place(Strengths strengths, List<Storage> rows) {
        if (strengths.row().isEmpty()) {
            return StepExperts.of(strengths.blend());
        }
        Tensor row = floats(strengths.row());
        rows.add(row.storage());
        return new StepExperts(strengths.blend(), row);
    }

    /** Keeps on the device what these files have, and frees the rest. */
    public void retain(Set<LoraFile> files) {
        boolean others = blends.keySet().stream().anyMatch(blend -> !files.containsAll(blend));
        if (others) {
            free();
        }
    }

    /** The matrices of files side by side. The same list gives the same instance. */
    private Blend blend(List<LoraFile> files) {
        Blend known = blends.get(files);
        if (known == null) {
            known = files.isEmpty() ? Blend.NONE : build(files);
            blends.put(files, known);
        }
        return known;
    }

    /** The pairs of each module that a list of files adapts, in a fixed order. */
    private Map<String, List<LoraPair>> pairs(List<LoraFile> files) {
        Map<String, List<LoraPair>> result = new LinkedHashMap<>();
        for (LoraFile file : files) {
            file.pairs()
                    .forEach(
                            (module, pair) -> {
                                if (modules.test(module)) {
                                    result.computeIfAbsent(module, key -> new ArrayList<>())
                                            .add(pair);
                                }
                            });
        }
        return result;
    }

    private Blend build(List<LoraFile> files) {
        Map<String, List<LoraPair>> pairs = pairs(files);
        int width = pairs.values().stream().flatMap(List::stream).mapToInt(this::rank).sum();
        Tensor current = own(floats(Collections.nCopies(width, 0f)));
        Map<String, LowRank> result = new LinkedHashMap<>();
        int at = 0;
        for (Map.Entry<String, List<LoraPair>> module : pairs.entrySet()) {
            List<LoraPair> parts = module.getValue();
            int ranks = parts.stream().mapToInt(this::rank).sum();
            Tensor scales = current.narrow(0, at, ranks);
            result.put(
                    module.getKey(),
                    parts.size() == 1 ? single(parts.get(0), scales) : joined(parts, scales));
            at += ranks;
        }
        return new Blend(result, current);
    }

    /** The file's own matrices, shared by all blends in which a module has only them. */
    private LowRank single(LoraPair pair, Tensor scales) {
        Tensor a = stored.computeIfAbsent(pair.a(), key -> own(adoptDown(key)));
        Tensor b = stored.computeIfAbsent(pair.b(), key -> own(adoptUp(key)));
        return new LowRank(a, b, 1, scales);
    }

    private LowRank joined(List<LoraPair> parts, Tensor scales) {
        List<Tensor> downs = new ArrayList<>();
        List<Tensor> ups = new ArrayList<>();
        try (Scope scope = ops.scope()) {
            for (LoraPair part : parts) {
                downs.add(adoptDown(part.a()));
                ups.add(adoptUp(part.b()));
            }
            Tensor a = kept(ops.concat(0, downs));
            Tensor b = kept(ops.concat(1, ups));
            return new LowRank(a, b, 1, scales);
        } finally {
            ops.device().synchronize();
            downs.forEach(tensor -> tensor.storage().release());
            ups.forEach(tensor -> tensor.storage().release());
        }
    }

    /** The scale of each rank of a blend in a step: strength, times factor, times alpha / rank. */
    private List<Float> row(List<Expert> active, int step) {
        List<Float> row = new ArrayList<>();
        for (String module : pairs(active.stream().map(Expert::file).toList()).keySet()) {
            for (Expert expert : active) {
                LoraPair pair = expert.file().pairs().get(module);
                if (pair != null) {
                    float strength = expert.strengths().get(step);
                    float factor = expert.blocks().of(block.applyAsInt(module));
                    float scale = factor * strength * pair.scale();
                    row.addAll(Collections.nCopies(rank(pair), scale));
                }
            }
        }
        return row;
    }

    /** The rank of a pair on the device. */
    private int rank(LoraPair pair) {
        return RankPadding.padded(pair.rank(), memory().rankMultiple());
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

    /** Values in memory that belongs to the caller. */
    private Tensor floats(List<Float> values) {
        float[] row = new float[values.size()];
        for (int i = 0; i < row.length; i++) {
            row[i] = values.get(i);
        }
        try (Scope scope = ops.scope()) {
            Tensor tensor = ops.host().floats(Shape.of(row.length), row);
            tensor.storage().retain();
            return tensor;
        }
    }

    /** A tensor of a scope, which lives on as one of the set. */
    private Tensor kept(Tensor tensor) {
        tensor.storage().retain();
        return own(tensor);
    }

    private Tensor own(Tensor tensor) {
        owned.add(tensor.storage());
        return tensor;
    }

    private void free() {
        owned.forEach(Storage::release);
        owned.clear();
        stored.clear();
        blends.clear();
    }

    /** Frees the memory of all experts. */
    @Override
    public void close() {
        closed = true;
        free();
    }
}
