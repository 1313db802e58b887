package glance.lora;

import glance.api.BlockFactors;
import glance.backend.DeviceMemory;
import glance.io.HostTensor;
import glance.io.Scaling;
import glance.lora.RunExperts.Strengths;
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
 * Of other kinds the strength is part of what is on the device: see {@link ModuleChange}. Steps in
 * which they have other strengths have adapters of their own.
 *
 * <p>Ranks may be larger than in the files, filled up with zeros, where the device wants multiples.
 * Owns the memory of everything it hands out; use nothing of it after {@link #close}, and close it
 * before the device. Not thread-safe.
 */
public final class ExpertSet implements AutoCloseable {
    private static final String WEIGHT = ".weight";
    private static final String BIAS = ".bias";

    private final Ops ops;
    private final Predicate<String> modules;
    private final ToIntFunction<String> block;
    private final BaseWeights base;
    private boolean closed;
    private final List<Storage> owned = new ArrayList<>();
    private final Map<HostTensor, Tensor> stored = new IdentityHashMap<>();
    private final Map<List<Taken>, Blend> blends = new HashMap<>();
    private final Map<Blend, List<Blend>> twins = new IdentityHashMap<>();

    /**
     * For one part of a model.
     *
     * @param modules those of the part; nothing is taken to the device for others
     * @param block the number of the block that a module is in, -1 for none
     * @param base the model's own parameters, asked for modules alone whose adapter is no plain
     *     LoRA
     */
    public ExpertSet(
            Ops ops, Predicate<String> modules, ToIntFunction<String> block, BaseWeights base) {
        this.ops = ops;
        this.modules = modules;
        this.block = block;
        this.base = base;
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
                        .filter(e -> e.file().updates().keySet().stream().anyMatch(modules))
                        .toList();
        Map<Strengths, StepExperts> known = new HashMap<>();
        List<Storage> rows = new ArrayList<>();
        List<StepExperts> result = new ArrayList<>();
        List<Strengths> all = new ArrayList<>();
        for (int step = 1; step <= steps; step++) {
            int number = step;
            List<Expert> active = mine.stream().filter(e -> e.isIn(number)).toList();
            Blend blend = blend(active.stream().map(expert -> Taken.of(expert, number)).toList());
            Strengths strengths = new Strengths(blend, row(active, number));
            result.add(known.computeIfAbsent(strengths, key -> place(key, rows)));
            all.add(strengths);
        }
        return new RunExperts(result, all, rows);
    }

    /**
     * The experts of a batch whose samples have different ones, in all steps. Matrices are shared,
     * whatever the strengths.
     *
     * @param samples of each sample, or of even, consecutive shares of the samples; for as many
     *     steps each. They are used through the result alone, and closed after it.
     */
    public RunExperts together(List<RunExperts> samples) {
        return new BatchExperts(samples, this::twin).together();
    }

    /** The same experts with strengths of their own, for another sample of a batch. */
    private Blend twin(Blend blend, int number) {
        List<Blend> known = twins.computeIfAbsent(blend, key -> new ArrayList<>(List.of(blend)));
        while (known.size() <= number) {
            known.add(blend.twin(width -> own(floats(new float[width]))));
        }
        return known.get(number);
    }

    /**
     * An expert as part of a blend. Of plain LoRAs the strength is no part of it.
     *
     * @param strength NaN for a plain LoRA
     * @param blocks null for a plain LoRA
     */
    private record Taken(LoraFile file, float strength, BlockFactors blocks) {
        static Taken of(Expert expert, int step) {
            return expert.file().isPlain()
                    ? new Taken(expert.file(), Float.NaN, null)
                    : new Taken(expert.file(), expert.strengths().get(step), expert.blocks());
        }
    }

    /** A module of an expert. */
    private record Part(Update update, Taken taken) {}

    private StepExperts place(Strengths strengths, List<Storage> rows) {
        if (strengths.row().isEmpty()) {
            return StepExperts.of(strengths.blend());
        }
        float[] values = new float[strengths.row().size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = strengths.row().get(i);
        }
        Tensor row = floats(values);
        rows.add(row.storage());
        return new StepExperts(strengths.blend(), row);
    }

    /** Keeps on the device what these files have, and frees the rest. */
    public void retain(Set<LoraFile> files) {
        boolean others =
                blends.keySet().stream()
                        .flatMap(List::stream)
                        .anyMatch(taken -> !files.contains(taken.file()));
        if (others) {
            free();
        }
    }

    /** Experts side by side. The same list gives the same instance. */
    private Blend blend(List<Taken> taken) {
        Blend known = blends.get(taken);
        if (known == null) {
            known = taken.isEmpty() ? Blend.NONE : build(taken);
            blends.put(taken, known);
        }
        return known;
    }

    /** What each module is changed by, in a fixed order. */
    private Map<String, List<Part>> parts(List<Taken> taken) {
        Map<String, List<Part>> result = new LinkedHashMap<>();
        for (Taken one : taken) {
            one.file()
                    .updates()
                    .forEach(
                            (module, update) -> {
                                if (modules.test(module)) {
                                    result.computeIfAbsent(module, key -> new ArrayList<>())
                                            .add(new Part(update, one));
                                }
                            });
        }
        return result;
    }

    private Blend build(List<Taken> taken) {
        Map<String, List<Part>> parts = parts(taken);
        int width = parts.values().stream().mapToInt(this::ranks).sum();
        Tensor current = width == 0 ? null : own(floats(new float[width]));
        Map<String, LowRank> result = new LinkedHashMap<>();
        Map<String, Tensor> rowScales = new HashMap<>();
        Map<String, Tensor> parameters = new HashMap<>();
        int at = 0;
        for (Map.Entry<String, List<Part>> entry : parts.entrySet()) {
            String module = entry.getKey();
            List<LoraPair> pairs = new ArrayList<>();
            if (entry.getValue().stream().allMatch(part -> part.update().isPlain())) {
                entry.getValue().forEach(part -> pairs.add(part.update().pair()));
            } else {
                ModuleChange change = change(module, entry.getValue());
                if (change.rowScale() != null) {
                    Tensor scales = own(floats(change.rowScale()));
                    rowScales.put(module, scales.reshape(1, change.rowScale().length));
                }
                adopt(parameters, module + WEIGHT, change.weight());
                adopt(parameters, module + BIAS, change.bias());
                pairs.addAll(change.pairs());
            }
            if (!pairs.isEmpty()) {
                int ranks = pairs.stream().mapToInt(this::rank).sum();
                Tensor scales = current.narrow(0, at, ranks);
                result.put(
                        module,
                        pairs.size() == 1 ? single(pairs.get(0), scales) : joined(pairs, scales));
                at += ranks;
            }
        }
        return new Blend(result, rowScales, parameters, current);
    }

    private ModuleChange change(String module, List<Part> parts) {
        List<LoraMerge.Part> fixed =
                parts.stream()
                        .map(part -> new LoraMerge.Part(part.update(), strength(part, module)))
                        .toList();
        Scaling scaling = base.scaling(module);
        HostTensor weight = scaling.values(base.stored(module + WEIGHT));
        HostTensor bias = base.stored(module + BIAS);
        return ModuleChange.of(module, weight, bias, fixed).over(scaling);
    }

    /** Of a plain LoRA beside others it is not asked for. */
    private float strength(Part part, String module) {
        Taken taken = part.taken();
        return taken.blocks() == null
                ? Float.NaN
                : taken.strength() * taken.blocks().of(block.applyAsInt(module));
    }

    private void adopt(Map<String, Tensor> parameters, String name, HostTensor tensor) {
        if (tensor != null) {
            parameters.put(name, own(adopt(tensor)));
        }
    }

    private int ranks(List<Part> parts) {
        return parts.stream()
                .filter(part -> part.update().pair() != null)
                .mapToInt(part -> rank(part.update().pair()))
                .sum();
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
        List<Taken> taken = active.stream().map(expert -> Taken.of(expert, step)).toList();
        for (String module : parts(taken).keySet()) {
            for (Expert expert : active) {
                Update update = expert.file().updates().get(module);
                LoraPair pair = update == null ? null : update.pair();
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
    private Tensor floats(float... values) {
        try (Scope scope = ops.scope()) {
            Tensor tensor = ops.host().floats(Shape.of(values.length), values);
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
        twins.clear();
    }

    /** Frees the memory of all experts. */
    @Override
    public void close() {
        closed = true;
        free();
    }
}
