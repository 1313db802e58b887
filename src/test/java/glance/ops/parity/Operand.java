package glance.ops.parity;

import glance.formula.Values;
import glance.tensor.Tensor;
import java.util.IdentityHashMap;
import java.util.Map;

/** An argument on both sides: on the device, and as numbers for the reference. */
public record Operand(Tensor tensor, HostArray host) {
    /** {@link Tensor#narrow} on both sides. */
    public Operand narrow(int axis, int start, int length) {
        return new Operand(tensor.narrow(axis, start, length), host.narrow(axis, start, length));
    }

    /** {@link Tensor#permute} on both sides. */
    public Operand permute(int... axes) {
        return new Operand(tensor.permute(axes), host.permute(axes));
    }

    /** {@link Tensor#reshape} on both sides. */
    public Operand reshape(int... dims) {
        return new Operand(tensor.reshape(dims), host.reshape(dims));
    }

    /** The numbers of these operands, of which some may be absent (null). */
    public static Values values(Operand... operands) {
        Map<Tensor, HostArray> known = new IdentityHashMap<>();
        for (Operand operand : operands) {
            if (operand != null) {
                known.put(operand.tensor, operand.host);
            }
        }
        return known::get;
    }

    /** The tensor of an optional operand. */
    public static Tensor tensorOf(Operand operand) {
        return operand == null ? null : operand.tensor;
    }

    /** The numbers of an optional operand. */
    public static HostArray hostOf(Operand operand) {
        return operand == null ? null : operand.host;
    }
}
