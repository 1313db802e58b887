package glance.backend;

import glance.op.Op;

/** Products of one x one after the other, on a device that has nothing to share between them. */
public record EachLinear(Kernel<Op.Linear> linear) implements Kernel<Op.Linears> {
    @Override
    public String refuses(Op.Linears op) {
        for (Op.Linear member : op.members()) {
            String reason = linear.refuses(member);
            if (reason != null) {
                return reason;
            }
        }
        return null;
    }

    @Override
    public long workspaceBytes(Op.Linears op) {
        return op.members().stream().mapToLong(linear::workspaceBytes).max().orElse(0);
    }

    @Override
    public void run(Op.Linears op) {
        op.members().forEach(linear::run);
    }
}
