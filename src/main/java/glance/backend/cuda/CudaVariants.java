package glance.backend.cuda;

import glance.api.DeviceException;
import glance.backend.KernelTable;
import glance.op.Op;
import glance.op.TrainingOp;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The operations that can be computed in several ways, each with these in the order in which they
 * are asked. This is where a new one is added: as an object in a list.
 */
final class CudaVariants {
    private final Map<String, String> chosen;
    private final Map<String, Function<Launcher, Variant<?>>> others;
    private final Map<String, List<String>> known = new TreeMap<>();

    /**
     * @param chosen for some operations the variant that is asked first
     */
    CudaVariants(Map<String, String> chosen) {
        this(chosen, Map.of());
    }

    /**
     * The same with variants from outside.
     *
     * @param others one for some operations, asked last
     */
    CudaVariants(Map<String, String> chosen, Map<String, Function<Launcher, Variant<?>>> others) {
        this.chosen = chosen;
        this.others = others;
    }

    /**
     * Adds the kernels of these operations.
     *
     * @throws DeviceException if a choice names an operation or a variant that is not there
     */
    void addTo(KernelTable table, Launcher launcher, SumKernels sums) {
        Variants<Op.Linear> linear = linear(launcher);
        table.with(Op.Linear.class, linear)
                .with(Op.Linears.class, new LinearsKernel(launcher, linear))
                .with(Op.Attention.class, attention(launcher))
                .with(Op.Conv2d.class, conv2d(launcher))
                .with(TrainingOp.LinearGrad.class, linearGrad(launcher, sums))
                .with(TrainingOp.AttentionGrad.class, attentionGrad(launcher));
        for (String operation : chosen.keySet()) {
            if (!known.containsKey(operation)) {
                throw new DeviceException(
                        "no operation '"
                                + operation
                                + "' has variants; those that have are "
                                + String.join(", ", known.keySet()));
            }
        }
    }

    private Variants<Op.Linear> linear(Launcher launcher) {
        return inOrder(
                "linear",
                launcher,
                List.of(
                        new LinearFew(launcher),
                        LinearPlain.rows(launcher),
                        narrowWgmma("linear", launcher),
                        LinearMma.narrow(launcher),
                        LinearMma.blocks(launcher, LinearMma.BLOCKS.equals(chosen.get("linear"))),
                        wgmma("linear", launcher),
                        LinearMma.packed(launcher),
                        LinearPlain.tiles(launcher),
                        LinearWgmma.single(launcher, isChosen("linear", LinearWgmma.SINGLE)),
                        LinearW8A8.of(launcher, isChosen("linear", LinearW8A8.NAME)),
                        new LinearCublas(launcher)));
    }

    private Variants<Op.Attention> attention(Launcher launcher) {
        return inOrder(
                "attention",
                launcher,
                List.of(
                        AttentionWgmma.pairs(launcher, isChosen("attention", AttentionWgmma.NAME)),
                        new AttentionMma(launcher),
                        new AttentionWide(launcher, AttentionWide.SCORE_BYTES),
                        new AttentionPlain(launcher),
                        AttentionWgmma.single(
                                launcher, isChosen("attention", AttentionWgmma.SINGLE))));
    }

    private Variants<Op.Conv2d> conv2d(Launcher launcher) {
        return inOrder(
                "conv2d",
                launcher,
                List.of(
                        new Conv2dMma(launcher),
                        new Conv2dPlain(launcher),
                        new Conv2dCudnn(launcher)));
    }

    private Variants<TrainingOp.LinearGrad> linearGrad(Launcher launcher, SumKernels sums) {
        return inOrder(
                "linear_grad",
                launcher,
                List.of(
                        new LinearGradMma(
                                launcher,
                                LinearMma.narrow(launcher),
                                sums,
                                narrowWgmma("linear_grad", launcher)),
                        new LinearGradMma(launcher, LinearMma.narrow(launcher), sums, null),
                        new LinearGradMma(
                                launcher,
                                LinearMma.packed(launcher),
                                sums,
                                wgmma("linear_grad", launcher)),
                        new LinearGradMma(launcher, LinearMma.packed(launcher), sums, null),
                        new LinearGradPlain(launcher)));
    }

    /** Hopper's kernel; where it was chosen for an operation, for small products too. */
    private LinearWgmma wgmma(String operation, Launcher launcher) {
        return LinearWgmma.pairs(launcher, isChosen(operation, LinearWgmma.NAME));
    }

    private boolean isChosen(String operation, String variant) {
        return variant.equals(chosen.get(operation));
    }

    /** Likewise, for weights as they are stored. */
    private LinearNarrowWgmma narrowWgmma(String operation, Launcher launcher) {
        return new LinearNarrowWgmma(
                launcher, LinearNarrowWgmma.NAME.equals(chosen.get(operation)));
    }

    private Variants<TrainingOp.AttentionGrad> attentionGrad(Launcher launcher) {
        return inOrder(
                "attention_grad",
                launcher,
                List.of(
                        new AttentionGradWgmma(
                                launcher, isChosen("attention_grad", AttentionGradWgmma.NAME)),
                        new AttentionGradMma(launcher),
                        new AttentionGradPlain(launcher)));
    }

    private <O extends Op> Variants<O> inOrder(
            String operation, Launcher launcher, List<Variant<O>> own) {
        List<Variant<O>> all = new ArrayList<>(own);
        if (others.containsKey(operation)) {
            all.add(variant(others.get(operation).apply(launcher)));
        }
        List<String> names = all.stream().map(Variant::name).toList();
        known.put(operation, names);
        String first = chosen.get(operation);
        if (first != null && !names.contains(first)) {
            throw new DeviceException(
                    operation
                            + " has no variant '"
                            + first
                            + "'; it has "
                            + String.join(", ", names));
        }
        // sorting is stable: all others keep their order
        all.sort(Comparator.comparing(variant -> !variant.name().equals(first)));
        return new Variants<>(all);
    }

    @SuppressWarnings("unchecked") // who adds one names its operation
    private static <O extends Op> Variant<O> variant(Variant<?> other) {
        return (Variant<O>) other;
    }
}
