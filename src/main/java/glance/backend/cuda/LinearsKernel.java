package glance.backend.cuda;

import glance.backend.EachLinear;
import glance.backend.Kernel;
import glance.op.Op;
import java.util.ArrayList;
import java.util.List;

/**
 * Products of one x, each by the variant that it has alone. Those on tensor cores share the launch
 * that makes S.
 */
final class LinearsKernel implements Kernel<Op.Linears> {
    private final Variants<Op.Linear> linear;
    private final EachLinear each;
    private final MmaProducts products;

    LinearsKernel(Launcher launcher, Variants<Op.Linear> linear) {
        this.linear = linear;
        this.each = new EachLinear(linear);
        this.products = new MmaProducts(launcher);
    }

    @Override
    public String refuses(Op.Linears op) {
        return each.refuses(op);
    }

    @Override
    public long workspaceBytes(Op.Linears op) {
        List<MmaProducts.Member> sharing = sharing(op);
        long alone = alone(op, sharing).stream().mapToLong(linear::workspaceBytes).max().orElse(0);
        return Math.max(alone, MmaProducts.workspaceBytes(sharing, op.rounded()));
    }

    @Override
    public boolean readsRounded(Op.Linears op) {
        return MmaProducts.rounds(sharing(op));
    }

    @Override
    public void run(Op.Linears op) {
        List<MmaProducts.Member> sharing = sharing(op);
        alone(op, sharing).forEach(linear::run);
        if (!sharing.isEmpty()) {
            products.run(sharing, op.rounded());
        }
    }

    private List<MmaProducts.Member> sharing(Op.Linears op) {
        List<MmaProducts.Member> sharing = new ArrayList<>();
        for (Op.Linear member : op.members()) {
            if (member.out().numel() > 0 && linear.of(member) instanceof LowRankVariant variant) {
                sharing.add(new MmaProducts.Member(variant, member));
            }
        }
        return sharing;
    }

    private static List<Op.Linear> alone(Op.Linears op, List<MmaProducts.Member> sharing) {
        return op.members().stream()
                .filter(member -> sharing.stream().noneMatch(shared -> shared.op() == member))
                .toList();
    }
}
