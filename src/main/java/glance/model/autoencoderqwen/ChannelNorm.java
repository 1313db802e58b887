package glance.model.autoencoderqwen;

import glance.nn.Parameters;
import glance.op.Activation;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.Arrays;

/**
 * {@code x / max(|x|, 1e-12) * sqrt(channels) * gamma} over the channels of each pixel: an RMSNorm.
 * Equals QwenImageRMS_norm.
 */
final class ChannelNorm {
    /**
     * Keeps 0 / 0 away without touching any other value: far below the square of any activation.
     */
    private static final float EPS = 1e-24f;

    private final Tensor gamma; // (channels)

    /** Gamma is stored [channels, 1, 1] for pictures and [channels, 1, 1, 1] for videos. */
    ChannelNorm(Parameters p, int channels, int ones) {
        int[] shape = new int[1 + ones];
        Arrays.fill(shape, 1);
        shape[0] = channels;
        gamma = p.vector("gamma", shape);
    }

    Tensor forward(Ops ops, Tensor x, Activation activation) {
        return ops.rmsNorm(x, gamma, EPS, activation);
    }
}
