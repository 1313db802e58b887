package glance.backend.cuda;

import glance.op.Op;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Products on tensor cores that read one x: S of all their adapters is made first, in one launch
 * where it has room for them, and then each product reads its own.
 */
final class MmaProducts {
    private final Launcher launcher;

    MmaProducts(Launcher launcher) {
        this.launcher = launcher;
    }

    /** A product and what computes it. */
    record Member(LowRankVariant variant, Op.Linear op) {}

    /** Most scratch for products of one x. */
    static long workspaceBytes(List<Member> members) {
        List<Shares> products = new ArrayList<>();
        long bytes = 0;
        long own = 0;
        for (Member member : members) {
            Shares shares = Shares.of(member.op());
            products.add(shares);
            bytes += shares.packedBytes();
            own = Math.max(own, member.variant().productBytes(member.op()));
        }
        return bytes + own + LowRankMma.bytes(products);
    }

    void run(List<Member> members) {
        try (Operands operands = launcher.operands()) {
            Tensor x = operands.activation(members.get(0).op().x());
            List<Shares> products = new ArrayList<>();
            for (Member member : members) {
                products.add(Shares.of(member.op()).packed(launcher, operands));
            }
            List<Tensor> lows = new LowRankMma(launcher).of(operands, x, products);
            for (int i = 0; i < members.size(); i++) {
                run(members.get(i), x, products.get(i), lows.get(i));
            }
        }
    }

    /** A product in parts of as many shares as a launch takes. */
    private void run(Member member, Tensor x, Shares shares, Tensor low) {
        int all = shares.of().size();
        int samples = x.dim(0) / all;
        int most = member.variant().mostShares();
        for (int first = 0; first < all; first += most) {
            int count = Math.min(most, all - first);
            int row = first * shares.rows();
            boolean whole = count == all;
            Shares own = shares.part(first, count);
            try (Operands operands = launcher.operands()) {
                member.variant()
                        .product(
                                operands,
                                whole ? member.op() : member.op().shares(first, count),
                                whole ? x : x.narrow(0, first * samples, count * samples),
                                own,
                                own.rank() == 0 ? null : low.narrow(0, row, count * shares.rows()));
            }
        }
    }
}
