package glance.ops;

import glance.op.Addition;
import glance.tensor.Tensor;

/** An adapter as one part of a model sees it. */
record PartAdapter(Adapter whole, String prefix) implements Adapter {
    @Override
    public Addition of(String module) {
        return whole.of(prefix + module);
    }

    @Override
    public Tensor rowScale(String module) {
        return whole.rowScale(prefix + module);
    }

    @Override
    public Tensor instead(String parameter) {
        return whole.instead(prefix + parameter);
    }
}
