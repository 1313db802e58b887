package glance.nn;

import glance.op.Epilogue;
import glance.op.Projection;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Linear layers that read the same input, such as those of queries, keys and values. Each result is
 * that of the layer alone, to the bit; a device may share the work on the input, such as the first
 * half of their adapters.
 */
public record Projections(List<Linear> layers) {
    /** Of these layers, in the order of their results. */
    public static Projections of(Linear... layers) {
        return new Projections(List.of(layers));
    }

    /** The result of each layer; x [..., in], results [..., out]. */
    public List<Tensor> forward(Ops ops, Tensor x) {
        return forward(ops, x, layers.stream().map(layer -> Epilogue.none()).toList());
    }

    /** The same, each with an epilogue of its own. */
    public List<Tensor> forward(Ops ops, Tensor x, List<Epilogue> epilogues) {
        if (ops.isRecorded()) {
            return eachAlone(ops, x, epilogues);
        }
        Linear.Inputs inputs = new Linear.Inputs(ops, x);
        List<Linear.Product> products = new ArrayList<>();
        for (int i = 0; i < layers.size(); i++) {
            products.add(layers.get(i).product(ops, inputs, epilogues.get(i)));
        }
        Tensor[] results = new Tensor[products.size()];
        for (int i = 0; i < results.length; i++) {
            if (results[i] == null) {
                together(ops, products, i, results);
            }
        }
        return Arrays.asList(results);
    }

    /** The results for a norm that nothing else reads, each with an epilogue of its own. */
    public List<Tensor> forward(Ops ops, Modulated input, List<Epilogue> epilogues) {
        if (ops.isRecorded() || layers.stream().anyMatch(layer -> layer.scaling().group() > 1)) {
            return forward(ops, input.forward(ops), epilogues);
        }
        Linear.Inputs inputs = new Linear.Inputs(ops, input.x());
        List<Linear.Product> products = new ArrayList<>();
        for (int i = 0; i < layers.size(); i++) {
            products.add(layers.get(i).product(ops, inputs, epilogues.get(i)));
        }
        List<Tensor> ys =
                ops.modulatedLinears(
                        input.x(),
                        input.scale(),
                        input.shift(),
                        input.eps(),
                        products.stream().map(product -> product.projection(ops)).toList());
        List<Tensor> results = new ArrayList<>();
        for (int i = 0; i < ys.size(); i++) {
            results.add(products.get(i).finish(ops, ys.get(i)));
        }
        return results;
    }

    /** The same without epilogues. */
    public List<Tensor> forward(Ops ops, Modulated input) {
        return forward(ops, input, layers.stream().map(layer -> Epilogue.none()).toList());
    }

    /** Gradients are added up in the order in which layers ran. */
    private List<Tensor> eachAlone(Ops ops, Tensor x, List<Epilogue> epilogues) {
        List<Tensor> results = new ArrayList<>();
        for (int i = 0; i < layers.size(); i++) {
            results.add(layers.get(i).forward(ops, x, epilogues.get(i)));
        }
        return results;
    }

    /** The first product and those after it that read the same: rotations may differ. */
    private static void together(
            Ops ops, List<Linear.Product> products, int first, Tensor[] results) {
        Linear.Product lead = products.get(first);
        if (!lead.joins()) {
            results[first] = lead.run(ops);
            return;
        }
        List<Integer> own = new ArrayList<>();
        List<Projection> projections = new ArrayList<>();
        for (int i = first; i < results.length; i++) {
            Linear.Product other = products.get(i);
            if (other.joins() && other.input() == lead.input()) {
                own.add(i);
                projections.add(other.projection(ops));
            }
        }
        List<Tensor> ys = ops.linears(lead.input(), projections);
        for (int i = 0; i < ys.size(); i++) {
            results[own.get(i)] = products.get(own.get(i)).finish(ops, ys.get(i));
        }
    }
}
