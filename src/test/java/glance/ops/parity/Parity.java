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

/**
 * Runs a case on a device and compares every element of all its results with float64, as {@link
 * Accuracy} allows.
 */
public final class Parity {
    private Parity() {}

    /** Fails unless the case gives its formula, twice, and leaves its arguments alone. */
    public static void check(Device device, Case of) {
        try (Arguments arguments = new Arguments(device, of.name())) {
            Ops ops = arguments.ops();
            List<Tensor> results = arguments.evaluate(of);
            List<ByteBuffer> first = bytes(ops, results);
            Accuracy accuracy = Accuracy.ofAll(device, arguments.history(), results);
            if (!accuracy.passed()) {
                throw new AssertionError(accuracy.worst());
            }
            results.forEach(result -> spoil(ops, result));
            if (!bytes(ops, arguments.evaluate(of)).equals(first)) {
                throw new AssertionError("the second run, on recycled memory, differs");
            }
            arguments.expectUnchanged();
        } catch (AssertionError failure) {
            throw new AssertionError(of.name() + ": " + failure.getMessage(), failure);
        }
    }

    /** The bytes of the results of a case. */
    public static List<ByteBuffer> run(Device device, Case of) {
        try (Arguments arguments = new Arguments(device, of.name())) {
            return bytes(arguments.ops(), arguments.evaluate(of));
        }
    }

    private static List<ByteBuffer> bytes(Ops ops, List<Tensor> results) {
        return results.stream().map(ops.host()::bytes).toList();
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
