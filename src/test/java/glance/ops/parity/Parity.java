package glance.ops.parity;

import glance.backend.Device;
import glance.cases.Accuracy;
import glance.cases.Arguments;
import glance.cases.Case;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;

/** Runs a case on a device and compares every element with float64, as {@link Accuracy} allows. */
public final class Parity {
    private Parity() {}

    /** Fails unless the case gives its formula, twice, and leaves its arguments alone. */
    public static void check(Device device, Case of) {
        try (Arguments arguments = new Arguments(device, of.name())) {
            Ops ops = arguments.ops();
            Tensor result = arguments.evaluate(of).get(0);
            ByteBuffer first = ops.host().bytes(result);
            Accuracy accuracy = Accuracy.ofAll(device, arguments.history(), List.of(result));
            if (!accuracy.passed()) {
                throw new AssertionError(accuracy.worst());
            }
            spoil(ops, result);
            Tensor again = arguments.evaluate(of).get(0);
            if (!ops.host().bytes(again).equals(first)) {
                throw new AssertionError("the second run, on recycled memory, differs");
            }
            arguments.expectUnchanged();
        } catch (AssertionError failure) {
            throw new AssertionError(of.name() + ": " + failure.getMessage(), failure);
        }
    }

    /** The bytes of the result of a case. */
    public static ByteBuffer run(Device device, Case of) {
        try (Arguments arguments = new Arguments(device, of.name())) {
            return arguments.ops().host().bytes(arguments.evaluate(of).get(0));
        }
    }

    /** A result, which must have this shape. */
    static Tensor shaped(Tensor result, int... dims) {
        if (!result.shape().equals(Shape.of(dims))) {
            throw new AssertionError("expected the shape " + Shape.of(dims) + ", got " + result);
        }
        return result;
    }

    /** Frees a result full of NaN, which the next result of its size is likely to lie in. */
    private static void spoil(Ops ops, Tensor result) {
        ByteBuffer ones = ByteBuffer.allocate((int) result.numel() * result.dtype().bytes());
        for (int i = 0; i < ones.capacity(); i++) {
            ones.put(i, (byte) 0xff);
        }
        ops.device().memory().write(ones, result);
        ops.free(result);
    }
}
