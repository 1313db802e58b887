package glance.ops.parity;

import glance.tensor.Tensor;

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

    /** The tensor of an optional operand. */
    public static Tensor tensorOf(Operand operand) {
        return operand == null ? null : operand.tensor;
    }

    /** The numbers of an optional operand. */
    public static HostArray hostOf(Operand operand) {
        return operand == null ? null : operand.host;
    }
}
