package glance.cases;

import glance.backend.Device;
import glance.formula.Arithmetic;
import glance.formula.Elements;
import glance.op.Op;
import glance.tensor.Tensor;
import java.util.List;

/** A case with its arguments, evaluated once and ready to run again on the same memory. */
public final class Call implements AutoCloseable {
    private final Device device;
    private final Arguments arguments;
    private final List<Tensor> results;
    private final History history;

    /**
     * Evaluates a case.
     *
     * @throws UnsupportedOperationException if the device refuses one of its operations
     */
    public Call(Device device, Case of) {
        this.device = device;
        this.arguments = new Arguments(device, of.name());
        try {
            this.results = arguments.evaluate(of);
            this.history = arguments.history();
        } catch (RuntimeException | Error e) {
            arguments.close();
            throw e;
        }
    }

    /** What one run consists of, in order. */
    public List<Op> ops() {
        return history.ops();
    }

    /** What was drawn, in order. */
    public List<Tensor> arguments() {
        return arguments.drawn();
    }

    /** What the case gives. */
    public List<Tensor> results() {
        return results;
    }

    /** The numbers in an argument. */
    public Elements values(Tensor argument) {
        return history.in(Arithmetic.exact()).of(argument);
    }

    /** What one run cannot avoid. */
    public Cost cost() {
        return Cost.of(history);
    }

    /** Bytes of all arguments and results. */
    public long bytes() {
        return history.bytes();
    }

    /** Compares samples of the results with their formulas; before any other run. */
    public Accuracy verify() {
        return Accuracy.ofSamples(device, history, results);
    }

    /** Runs it once more, on the device itself. */
    public void run() {
        history.ops().forEach(device.kernels()::run);
    }

    @Override
    public void close() {
        arguments.close();
    }
}
