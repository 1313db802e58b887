package glance.backend.cuda;

import glance.op.Op;
import glance.op.Rounded;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Products on tensor cores that read one x. What they have in common is made first, once: x rounded
 * where one of them reads that, and S of all their adapters, in one launch where it has room for
 * them, or by the launch of the first product. Each product reads its own S.
 */
final class MmaProducts {
    private final Launcher launcher;

    MmaProducts(Launcher launcher) {
        this.launcher = launcher;
    }

    /** A product and what computes it. */
    record Member(LowRankVariant variant, Op.Linear op) {}

    /**
     * Most scratch for products of one x.
     *
     * @param rounded x in 8 bits if it is there already, or null
     */
    static long workspaceBytes(List<Member> members, Rounded rounded) {
        List<Shares> products = new ArrayList<>();
        long bytes = 0;
        long own = 0;
        for (Member member : members) {
            Shares shares = Shares.of(member.op());
            products.add(shares);
            bytes += shares.packedBytes();
            own = Math.max(own, member.variant().productBytes(member.op()));
        }
        if (rounded == null && rounds(members)) {
            bytes += Rounded.bytes(members.get(0).op().x());
        }
        return bytes + own + LowRankMma.bytes(products);
    }

    /** Whether one of them reads x in 8 bits. */
    static boolean rounds(List<Member> members) {
        return members.stream().anyMatch(member -> member.variant().rounds());
    }

    /**
     * Queues them.
     *
     * @param rounded x in 8 bits if it is there already, or null
     */
    void run(List<Member> members, Rounded rounded) {
        try (Operands operands = launcher.operands()) {
            Tensor x = operands.activation(members.get(0).op().x());
            List<Shares> products = new ArrayList<>();
            for (Member member : members) {
                products.add(Shares.of(member.op()).packed(launcher, operands));
            }
            LowRankMma lowRank = new LowRankMma(launcher);
            LowRows[] makes = new LowRows[members.size()];
            Tensor[] lows = new Tensor[members.size()];
            for (LowRankMma.Group group : lowRank.groups(operands, x, products)) {
                int first = group.numbers().get(0);
                Member maker = members.get(first);
                if (maker.variant().makes(maker.op(), x, group.low())) {
                    makes[first] = group.low();
                } else {
                    lowRank.make(x, group.low());
                }
                for (int i = 0; i < group.numbers().size(); i++) {
                    lows[group.numbers().get(i)] = group.low().of(i);
                }
            }
            boolean round = rounded == null && rounds(members);
            ProductInput input =
                    new ProductInput(x, round ? RoundedRows.of(launcher, operands, x) : rounded);
            for (int i = 0; i < lows.length; i++) {
                run(members.get(i), input, products.get(i), lows[i], makes[i]);
            }
        }
    }

    /**
     * A product in parts of as many shares as a launch takes.
     *
     * @param makes what its launches make of S, or null
     */
    private void run(Member member, ProductInput x, Shares shares, Tensor low, LowRows makes) {
        LowRankVariant variant = member.variant();
        int all = shares.of().size();
        int samples = x.x().dim(0) / all;
        int most = variant.mostShares();
        for (int first = 0; first < all; first += most) {
            int count = Math.min(most, all - first);
            boolean whole = count == all;
            Op.Linear op = whole ? member.op() : member.op().shares(first, count);
            ProductInput rows = whole ? x : x.samples(first * samples, count * samples);
            Shares own = shares.part(first, count);
            try (Operands operands = launcher.operands()) {
                if (makes != null) {
                    variant.productMaking(operands, op, rows, makes.part(first, count));
                } else {
                    int row = first * shares.rows();
                    Tensor there =
                            own.rank() == 0 ? null : low.narrow(0, row, count * shares.rows());
                    variant.product(operands, op, rows, own, there);
                }
            }
        }
    }
}
