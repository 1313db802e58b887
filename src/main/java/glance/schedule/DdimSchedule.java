package glance.schedule;

import glance.api.FormatException;
import glance.io.Config;

/**
 * The noise levels of a model that was trained to predict the noise in {@code x = sqrt(abar_t) data
 * + sqrt(1 - abar_t) noise}, {@code abar_t = prod (1 - beta_i)}, with betas on a line:
 * DDIMScheduler of diffusers with leading timesteps (Song et al., arXiv 2010.02502, eta 0).
 *
 * <p>Divided by {@code a + s}, {@code a = sqrt(abar_t)} and {@code s = sqrt(1 - abar_t)}, such an x
 * is {@code (1 - sigma) data + sigma noise} with {@code sigma = s / (a + s)}. A DDIM step to
 * another t then is the straight line {@code (sigma' - sigma) (noise - data)}: an Euler step, and
 * so one loop serves both kinds of models.
 */
public final class DdimSchedule implements NoiseSchedule {
    /** Closer to a timestep than float32 noise levels can tell. */
    private static final double SNAP = 0.01;

    private final double[] levels; // (numTrainTimesteps), rising

    /**
     * @param numTrainTimesteps at least 1
     * @param betaStart of timestep 0, above 0
     * @param betaEnd of the last timestep, at least betaStart and below 1
     * @throws IllegalArgumentException if the values make no schedule
     */
    public DdimSchedule(int numTrainTimesteps, double betaStart, double betaEnd) {
        if (numTrainTimesteps < 1 || !(0 < betaStart && betaStart <= betaEnd && betaEnd < 1)) {
            throw new IllegalArgumentException(
                    "num_train_timesteps, beta_start, beta_end: must be at least 1 and rise between"
                            + " 0 and 1, got "
                            + numTrainTimesteps
                            + ", "
                            + betaStart
                            + ", "
                            + betaEnd);
        }
        levels = new double[numTrainTimesteps];
        double product = 1;
        double slope = numTrainTimesteps > 1 ? (betaEnd - betaStart) / (numTrainTimesteps - 1) : 0;
        for (int t = 0; t < numTrainTimesteps; t++) {
            product *= 1 - (betaStart + t * slope);
            double noise = Math.sqrt(1 - product);
            levels[t] = noise / (Math.sqrt(product) + noise);
        }
    }

    /**
     * Reads a scheduler_config.json; absent keys have the defaults of diffusers.
     *
     * @throws FormatException if a value is malformed, or asks for what is not supported: other
     *     betas, spacings and predictions, clipping, another scheduler
     */
    public static DdimSchedule read(Config config) {
        config.accepts("_class_name", "DDIMScheduler");
        config.accepts("beta_schedule", "linear");
        config.accepts("prediction_type", "epsilon");
        config.accepts("timestep_spacing", "leading");
        config.accepts("steps_offset", 0);
        config.accepts("set_alpha_to_one", true);
        config.accepts("thresholding", false);
        config.accepts("rescale_betas_zero_snr", false);
        if (config.has("trained_betas")) {
            throw config.refuse("trained_betas", "a list of betas is not supported", null);
        }
        if (config.flag("clip_sample", true)) {
            throw config.refuse(
                    "clip_sample", "clipping is not supported", "set it to false, as DiT has it");
        }
        try {
            return new DdimSchedule(
                    config.positive("num_train_timesteps", 1000),
                    config.number("beta_start", 1e-4),
                    config.number("beta_end", 0.02));
        } catch (IllegalArgumentException e) {
            throw new FormatException(
                    config.file(), null, e.getMessage(), "use the published config", e);
        }
    }

    /** {@code t = i * (numTrainTimesteps / steps)}, rounded down, for i from steps - 1 to 0. */
    @Override
    public float[] sigmas(int steps, int imageSeqLen) {
        if (steps < 1 || steps > levels.length) {
            throw new IllegalArgumentException(
                    "steps must be 1 to " + levels.length + " for this model, got " + steps);
        }
        int stride = levels.length / steps;
        float[] sigmas = new float[steps + 1];
        for (int i = 0; i < steps; i++) {
            sigmas[i] = (float) levels[(steps - 1 - i) * stride];
        }
        return sigmas;
    }

    /**
     * The timestep that the model is conditioned on at a noise level: exact at the levels of {@link
     * #sigmas}, between two of them on the line that joins them.
     *
     * @throws IllegalArgumentException if there is more noise than the model has seen in training
     */
    public float timestep(float sigma) {
        int last = levels.length - 1;
        if (!(sigma <= (float) levels[last])) {
            throw new IllegalArgumentException(
                    "noise level "
                            + sigma
                            + ": this model was trained for levels up to "
                            + (float) levels[last]);
        }
        int below = 0;
        int above = last;
        while (above - below > 1) {
            int middle = (below + above) >>> 1;
            if (levels[middle] <= sigma) {
                below = middle;
            } else {
                above = middle;
            }
        }
        if (above == below || sigma <= levels[0]) {
            return below;
        }
        double t = below + (sigma - levels[below]) / (levels[above] - levels[below]);
        return (float) (Math.abs(t - Math.rint(t)) < SNAP ? Math.rint(t) : t);
    }
}
