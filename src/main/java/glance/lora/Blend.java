package glance.lora;

import glance.op.LowRank;
import glance.ops.Adapter;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Experts that are active together, on a device. The matrices stay what and where they are in all
 * steps; the strengths of the current step are numbers in one vector that the products read:
 *
 * <pre>
 *   rows       step 1 | module 0 | module 1 | ... |      F32, scale of each rank
 *              step 2 | module 0 | module 1 | ... |
 *                         ^ one copy, where they differ
 *   current           | module 0 | module 1 | ... |
 * </pre>
 *
 * Known by its instance: steps of one blend share everything that does not depend on strengths,
 * such as a captured graph.
 */
public final class Blend implements Adapter {
    /** Of no expert. */
    static final Blend NONE = new Blend(Map.of(), Map.of(), Map.of(), null);

    private final Map<String, LowRank> modules;
    private final Map<String, Tensor> rowScales;
    private final Map<String, Tensor> parameters;
    private final Tensor current; // F32 (ranks of all modules), or null without modules
    private Tensor row;

    /**
     * @param modules what is added to which layer
     * @param rowScales of DoRAs, by layer
     * @param parameters changed copies, by name
     * @param current the strengths, which the additions read
     */
    Blend(
            Map<String, LowRank> modules,
            Map<String, Tensor> rowScales,
            Map<String, Tensor> parameters,
            Tensor current) {
        this.modules = Collections.unmodifiableMap(modules);
        this.rowScales = rowScales;
        this.parameters = parameters;
        this.current = current;
    }

    /** What is added to which layer. */
    public Map<String, LowRank> modules() {
        return modules;
    }

    @Override
    public LowRank of(String module) {
        return modules.get(module);
    }

    @Override
    public Tensor rowScale(String module) {
        return rowScales.get(module);
    }

    @Override
    public Tensor instead(String parameter) {
        return parameters.get(parameter);
    }

    /** Whether all that it does is to add low-rank products. */
    boolean isPlain() {
        return rowScales.isEmpty() && parameters.isEmpty();
    }

    /**
     * The same matrices with strengths of their own.
     *
     * @param strengths room for so many of them on the device
     */
    Blend twin(IntFunction<Tensor> strengths) {
        if (current == null) {
            return this;
        }
        Tensor own = strengths.apply(current.dim(0));
        Map<String, LowRank> twins = new LinkedHashMap<>();
        modules.forEach(
                (module, lora) -> {
                    int at = Math.toIntExact(lora.scales().offset() - current.offset());
                    Tensor scales = own.narrow(0, at, lora.rank());
                    twins.put(module, new LowRank(lora.a(), lora.b(), lora.scale(), scales));
                });
        return new Blend(twins, rowScales, parameters, own);
    }

    /** Makes the strengths of a row the current ones; one copy, or none where they are already. */
    void set(Ops ops, Tensor strengths) {
        if (current != null && row != strengths) {
            ops.copy(strengths, current);
            row = strengths;
        }
    }
}
