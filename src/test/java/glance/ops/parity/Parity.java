package glance.ops.parity;

import glance.backend.Device;
import glance.formula.Arithmetic;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Runs a case on a device and compares it with float64.
 *
 * <p>Tolerance: twice (or as {@link Trial#timesPlainError} says) the largest error of a plain,
 * sequential evaluation of the same formula in float32 (with tensors that pass between operations
 * in the device's compute dtype, and the result in its own), plus {@value #ULPS} units in the last
 * place of the largest result, for cases where the plain one is exact by luck. A device may sum in
 * any order, fuse, and approximate, but not be worse than that.
 */
public final class Parity {
    private static final double ULPS = 2;

    private Parity() {}

    /** Fails unless the case gives its reference, twice, and leaves its arguments alone. */
    public static void check(Device device, OpCase opCase) {
        try (Ops ops = new Ops(device);
                Inputs inputs = new Inputs(ops, opCase.name())) {
            Trial trial = opCase.trial().apply(inputs);
            Tensor result = trial.op().get();
            ByteBuffer first = ops.host().bytes(result);
            compare(device, trial, result, first);
            spoil(ops, result);
            Tensor again = trial.op().get();
            if (!ops.host().bytes(again).equals(first)) {
                throw new AssertionError("the second run, on recycled memory, differs");
            }
            inputs.expectUnchanged();
        } catch (AssertionError failure) {
            throw new AssertionError(opCase.name() + ": " + failure.getMessage(), failure);
        }
    }

    /** The bytes of the result of a case. */
    public static ByteBuffer run(Device device, OpCase opCase) {
        try (Ops ops = new Ops(device);
                Inputs inputs = new Inputs(ops, opCase.name())) {
            return ops.host().bytes(opCase.trial().apply(inputs).op().get());
        }
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

    private static void compare(Device device, Trial trial, Tensor result, ByteBuffer bytes) {
        FloatFormat format = FloatFormat.of(result.dtype());
        HostArray exact = trial.reference().apply(Arithmetic.exact());
        if (!Arrays.equals(result.shape().dims(), exact.dims())) {
            throw new AssertionError(
                    "expected the shape " + Arrays.toString(exact.dims()) + ", got " + result);
        }
        Arithmetic plain = Arithmetic.plain(device.computeType());
        double tolerance = trial.exact() ? 0 : tolerance(trial, plain, exact, format);
        for (int i = 0; i < exact.values().length; i++) {
            double got = format.get(bytes, i);
            double want = trial.exact() ? format.round(exact.get(i)) : exact.get(i);
            // written so that NaN fails; an infinity equals itself only
            if (!(got == want || Math.abs(got - want) <= tolerance)) {
                throw new AssertionError(
                        "element "
                                + i
                                + " of "
                                + result
                                + ": expected "
                                + want
                                + " within "
                                + tolerance
                                + ", got "
                                + got);
            }
        }
    }

    private static double tolerance(
            Trial trial, Arithmetic arithmetic, HostArray exact, FloatFormat format) {
        HostArray plain = trial.reference().apply(arithmetic);
        double error = 0;
        double largest = 0;
        for (int i = 0; i < exact.values().length; i++) {
            if (Double.isInfinite(exact.get(i))) {
                continue;
            }
            double stored = format.round(plain.get(i));
            error = Math.max(error, Math.abs(stored - exact.get(i)));
            largest = Math.max(largest, Math.abs(exact.get(i)));
        }
        return trial.timesPlainError() * error + ULPS * format.ulp(largest);
    }
}
