package glance.cases;

import glance.formula.Arithmetic;
import glance.formula.Elements;
import glance.formula.Formulas;
import glance.formula.Result;
import glance.op.AttentionMask;
import glance.op.LowRank;
import glance.op.Op;
import glance.op.TrainingOp;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What some operations cannot avoid.
 *
 * @param flop additions and multiplications of their products; 0 for those that only pass over data
 * @param bytes arguments read once and final results written once; what passes between the
 *     operations does not count
 */
public record Cost(double flop, double bytes) {
    /** A part of a storage. */
    private record Part(Storage storage, long offset, long bytes) {
        static Part of(Tensor tensor) {
            return new Part(
                    tensor.storage(), tensor.offset(), tensor.dtype().bytes(tensor.numel()));
        }
    }

    static Cost of(History history) {
        Set<Part> read = new HashSet<>();
        Map<Storage, Set<Part>> made = new IdentityHashMap<>();
        double flop = 0;
        for (Op op : history.ops()) {
            List<Tensor> arguments = new ArrayList<>();
            List<Result> results = Formulas.of(op, tensor -> noted(tensor, arguments));
            for (Tensor argument : arguments) {
                if (made.containsKey(argument.storage())) {
                    made.get(argument.storage()).clear();
                } else {
                    read.add(Part.of(argument));
                }
            }
            for (Result result : results) {
                made.computeIfAbsent(result.tensor().storage(), storage -> new HashSet<>())
                        .add(Part.of(result.tensor()));
            }
            flop += flop(op, history);
        }
        Stream<Part> written = made.values().stream().flatMap(Set::stream);
        long bytes = Stream.concat(read.stream(), written).mapToLong(Part::bytes).sum();
        return new Cost(flop, bytes);
    }

    private static Elements noted(Tensor tensor, List<Tensor> all) {
        all.add(tensor);
        return i -> 0;
    }

    private static double flop(Op op, History history) {
        if (op instanceof Op.Linear linear) {
            return product(linear) + adapter(linear);
        } else if (op instanceof Op.Linears linears) {
            return linears.members().stream().mapToDouble(member -> flop(member, history)).sum();
        } else if (op instanceof Op.Attention attention) {
            return 2 * scores(attention, history);
        } else if (op instanceof Op.Conv2d conv) {
            return 2.0 * conv.out().numel() * conv.weight().numel() / conv.weight().dim(0);
        } else if (op instanceof TrainingOp.LinearGrad grad) {
            double dx = product(grad.forward()) + adapter(grad.forward());
            return (grad.dx() == null ? 0 : dx)
                    + (grad.da() == null ? 0 : 2 * adapter(grad.forward()));
        } else if (op instanceof TrainingOp.AttentionGrad grad) {
            return 5 * scores(grad.forward(), history);
        }
        return 0;
    }

    private static double product(Op.Linear op) {
        return 2.0 * op.x().numel() * op.weight().dim(0);
    }

    private static double adapter(Op.Linear op) {
        int ranks = 0;
        for (LowRank lora : op.loras()) {
            ranks += lora == null ? 0 : lora.rank();
        }
        double rows = (double) op.x().dim(0) * op.x().dim(1) / Math.max(1, op.loras().size());
        return 2 * rows * ranks * (op.weight().dim(0) + op.weight().dim(1));
    }

    /** Of one product of all queries with the keys that they see. */
    private static double scores(Op.Attention op, History history) {
        AttentionMask mask = op.mask();
        Elements lengths =
                mask.lengths() == null ? null : history.in(Arithmetic.exact()).of(mask.lengths());
        double seen = 0;
        for (int sample = 0; sample < op.q().dim(0); sample++) {
            for (int i = 0; i < op.q().dim(1); i++) {
                int keys = mask.causal() ? i + 1 : op.k().dim(1);
                double padding =
                        lengths == null ? 0 : Math.min(mask.prefix(), keys) - lengths.at(sample);
                seen += keys - Math.max(0, padding);
            }
        }
        return 2 * seen * op.q().dim(2) * op.q().dim(3);
    }
}
