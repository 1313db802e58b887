package glance.ops;

import glance.op.Addition;
import glance.op.LowRank;
import glance.op.LowRanks;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The adapters of a batch: of even, consecutive shares of its samples, from {@link
 * Adapter#ofBatch}.
 */
record BatchAdapter(List<Adapter> shares) implements Adapter {
    @Override
    public Addition of(String module) {
        List<LowRank> own = new ArrayList<>();
        for (Adapter share : shares) {
            Addition addition = share.of(module);
            own.add(addition == null ? null : addition.shares().get(0));
        }
        return LowRanks.of(own);
    }

    @Override
    public Tensor rowScale(String module) {
        return same(shares.stream().map(share -> share.rowScale(module)).toList());
    }

    @Override
    public Tensor instead(String parameter) {
        return same(shares.stream().map(share -> share.instead(parameter)).toList());
    }

    private static Tensor same(List<Tensor> own) {
        Tensor first = own.get(0);
        if (own.stream().anyMatch(tensor -> tensor != first)) {
            throw new IllegalArgumentException(
                    "samples of one batch cannot have different adapters that replace or scale"
                            + " weights; draw them in batches of their own");
        }
        return first;
    }
}
