package glance.model.transformer;

import glance.nn.Linear;
import glance.nn.Parameters;
import glance.op.Activation;
import glance.op.Epilogue;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/**
 * Two linear layers with an activation between them: how blocks are told of a timestep, a guidance
 * scale or a text.
 */
public record Embedder(Linear first, Activation activation, Linear second) {
    /** Sinusoids that stand for a number, such as a timestep. */
    public static final int WAVES = 256;

    /** Noise levels and guidance scales are multiplied alike. */
    private static final float NUMBER_SCALE = 1000;

    /** Takes {@code linear_1} and {@code linear_2} from {@code p}, with a SiLU between them. */
    public static Embedder of(Parameters p, int in, int dim) {
        return of(p, in, Activation.SILU, dim);
    }

    /** The same with another activation. */
    public static Embedder of(Parameters p, int in, Activation activation, int dim) {
        return new Embedder(
                p.linear("linear_1", in, dim), activation, p.linear("linear_2", dim, dim));
    }

    /** The same without biases. */
    public static Embedder withoutBias(Parameters p, int in, int dim) {
        return new Embedder(
                p.linearNoBias("linear_1", in, dim),
                Activation.SILU,
                p.linearNoBias("linear_2", dim, dim));
    }

    /**
     * What FLUX and Krea 2 embed of noise levels, and FLUX of guidance scales.
     *
     * @return [values, channels]
     */
    public static Tensor waves(Ops ops, float[] values, int channels) {
        // rounded before it meets the frequencies: at 3500 radians the order shows
        float[] scaled = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            scaled[i] = NUMBER_SCALE * values[i];
        }
        Tensor t = ops.host().floats(Shape.of(values.length), scaled);
        return ops.timestepEmbedding(t, channels, 1, 0);
    }

    /** [rows, dim] from [rows, in]. */
    public Tensor forward(Ops ops, Tensor x) {
        return forward(ops, x, Epilogue.none());
    }

    /** The same with an epilogue of the second layer. */
    public Tensor forward(Ops ops, Tensor x, Epilogue epilogue) {
        Tensor hidden = first.forward(ops, x, Epilogue.activation(activation));
        return second.forward(ops, hidden, epilogue);
    }
}
