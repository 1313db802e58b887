package glance.schedule;

import glance.api.FormatException;
import glance.io.Config;

/**
 * The noise levels of a flow-matching model: the set_timesteps part of diffusers'
 * FlowMatchEulerDiscreteScheduler, with the grids that the pipelines hand to it.
 *
 * <p>A grid that falls evenly from 1 is bent towards high noise. With the fixed shift s: {@code
 * sigma' = s sigma / (1 + (s - 1) sigma)} (Esser et al., arXiv 2403.03206, equation 23). With
 * dynamic shifting: {@code sigma' = e / (e + 1 / sigma - 1)}, where {@code e} is {@code exp(mu)} or
 * {@code mu}. With a terminal value the result is then stretched, 1 staying where it is, so that
 * the last level equals it.
 *
 * @param numTrainTimesteps a model's timestep is sigma times this
 * @param shift the fixed shift; unused with dynamic shifting
 * @param dynamicShifting whether mu shifts the grid
 * @param mu strength of the dynamic shift; unused without it
 * @param shiftTerminal the last level, or 0 for no stretch
 * @param timeShift how mu enters the dynamic shift
 * @param spacing where the even grid ends
 */
public record FlowMatchSchedule(
        int numTrainTimesteps,
        double shift,
        boolean dynamicShifting,
        Mu mu,
        double shiftTerminal,
        TimeShift timeShift,
        Spacing spacing)
        implements NoiseSchedule {
    /** Beyond these there is nothing between pure noise and the picture. */
    private static final double MAX_SHIFT = 1000;

    private static final double MAX_MU = 10;

    /** How mu enters the dynamic shift. */
    public enum TimeShift {
        /** As exp(mu). */
        EXPONENTIAL,
        /** As mu itself. */
        LINEAR
    }

    /** The even grid before the shift. */
    public enum Spacing {
        /**
         * From 1 down to 1 / steps, in float32: what the Qwen-Image and FLUX pipelines hand to the
         * scheduler.
         */
        UNIT,
        /**
         * From the largest to the smallest level of training, in float64: what the scheduler does
         * when it is handed nothing, as by the SD3 pipeline. A fixed shift has bent these two ends
         * already and bends the grid between them once more, as in the reference.
         */
        TRAINED
    }

    /**
     * @throws IllegalArgumentException if a value makes no schedule
     */
    public FlowMatchSchedule {
        require(numTrainTimesteps > 0, "num_train_timesteps", "above 0", numTrainTimesteps);
        require(shift > 0, "shift", "above 0", shift);
        require(
                shiftTerminal >= 0 && shiftTerminal < 1,
                "shift_terminal",
                "from 0 to below 1",
                shiftTerminal);
    }

    /**
     * Reads a scheduler_config.json; absent keys have the defaults of diffusers. The spacing is
     * {@link Spacing#UNIT}: see {@link #withSpacing}. mu is the line of the file: see {@link
     * #withMu}.
     *
     * @throws FormatException if a value is malformed, or asks for what is not supported: karras,
     *     exponential or beta sigmas, inverted sigmas, stochastic sampling, another time shift,
     *     another scheduler
     */
    public static FlowMatchSchedule read(Config config) {
        config.accepts("_class_name", "FlowMatchEulerDiscreteScheduler");
        config.accepts("use_karras_sigmas", false);
        config.accepts("use_exponential_sigmas", false);
        config.accepts("use_beta_sigmas", false);
        config.accepts("invert_sigmas", false);
        config.accepts("stochastic_sampling", false);
        config.accepts("time_shift_type", "exponential", "linear");
        String timeShift = config.string("time_shift_type", "exponential");
        try {
            return new FlowMatchSchedule(
                    config.positive("num_train_timesteps", 1000),
                    config.number("shift", 1.0, 0, MAX_SHIFT),
                    config.flag("use_dynamic_shifting", false),
                    Mu.line(
                            config.positive("base_image_seq_len", 256),
                            config.number("base_shift", 0.5, -MAX_MU, MAX_MU),
                            config.positive("max_image_seq_len", 4096),
                            config.number("max_shift", 1.15, -MAX_MU, MAX_MU)),
                    config.number("shift_terminal", 0),
                    timeShift.equals("linear") ? TimeShift.LINEAR : TimeShift.EXPONENTIAL,
                    Spacing.UNIT);
        } catch (IllegalArgumentException e) {
            throw new FormatException(
                    config.file(), null, e.getMessage(), "use the published config", e);
        }
    }

    /** This schedule with another grid before the shift; SD3 needs {@link Spacing#TRAINED}. */
    public FlowMatchSchedule withSpacing(Spacing other) {
        return new FlowMatchSchedule(
                numTrainTimesteps, shift, dynamicShifting, mu, shiftTerminal, timeShift, other);
    }

    /** This schedule with another mu, for pipelines that do not take the file's. */
    public FlowMatchSchedule withMu(Mu other) {
        return new FlowMatchSchedule(
                numTrainTimesteps,
                shift,
                dynamicShifting,
                other,
                shiftTerminal,
                timeShift,
                spacing);
    }

    /** This schedule with another fixed shift. */
    public FlowMatchSchedule withShift(double other) {
        return new FlowMatchSchedule(
                numTrainTimesteps, other, dynamicShifting, mu, shiftTerminal, timeShift, spacing);
    }

    /**
     * The noise level of each step, from 1 downwards, and a final 0.
     *
     * @param steps at least 1
     * @param imageSeqLen number of image tokens; without dynamic shifting it changes nothing
     * @return steps + 1 values
     * @throws IllegalArgumentException if the shift for so many tokens presses neighbouring levels
     *     into the same float32
     */
    @Override
    public float[] sigmas(int steps, int imageSeqLen) {
        require(steps > 0, "steps", "at least 1", steps);
        require(imageSeqLen > 0, "imageSeqLen", "at least 1", imageSeqLen);
        double[] grid = grid(steps);
        double strength = mu.at(imageSeqLen, steps);
        for (int i = 0; i < steps; i++) {
            grid[i] = dynamicShifting ? shiftDynamic(grid[i], strength) : shiftFixed(grid[i]);
        }
        stretchToTerminal(grid);
        float[] sigmas = new float[steps + 1];
        for (int i = 0; i < steps; i++) {
            sigmas[i] = (float) grid[i];
            if (!(sigmas[i] > 0) || i > 0 && !(sigmas[i] < sigmas[i - 1])) {
                throw new IllegalArgumentException(
                        imageSeqLen
                                + " image tokens: the scheduler's shift (mu = "
                                + (float) strength
                                + ") leaves no distance between noise levels; make a smaller"
                                + " picture or take fewer steps");
            }
        }
        return sigmas;
    }

    /** The timestep that a model is conditioned on at a noise level. */
    public float timestep(float sigma) {
        return sigma * numTrainTimesteps;
    }

    private double[] grid(int steps) {
        double first = 1;
        double last = 1.0 / steps;
        if (spacing == Spacing.TRAINED) {
            first = trainedLevel(numTrainTimesteps);
            last = trainedLevel(1);
        }
        double[] grid = new double[steps];
        double step = steps > 1 ? (last - first) / (steps - 1) : 0;
        for (int i = 0; i < steps; i++) {
            grid[i] = rounded(i * step + first);
        }
        if (steps > 1) {
            grid[steps - 1] = rounded(last);
        }
        return grid;
    }

    /** A noise level of the training table, which the reference keeps in float32. */
    private double trainedLevel(int timestep) {
        float sigma = (float) timestep / numTrainTimesteps;
        if (dynamicShifting) {
            return sigma;
        }
        return (float) shift * sigma / (1 + (float) (shift - 1) * sigma);
    }

    private double shiftFixed(double sigma) {
        double above = rounded(rounded(shift) * sigma);
        return rounded(above / rounded(1 + rounded(rounded(shift - 1) * sigma)));
    }

    private double shiftDynamic(double sigma, double by) {
        double strength = rounded(timeShift == TimeShift.EXPONENTIAL ? StrictMath.exp(by) : by);
        double odds = rounded(rounded(1 / sigma) - 1);
        return rounded(strength / rounded(strength + odds));
    }

    private void stretchToTerminal(double[] sigmas) {
        double lastDistance = rounded(1 - sigmas[sigmas.length - 1]);
        // One step from 1 to 0 has no level that could be moved; the reference divides 0 by 0.
        if (shiftTerminal == 0 || lastDistance == 0) {
            return;
        }
        double factor = rounded(lastDistance / rounded(1 - shiftTerminal));
        for (int i = 0; i < sigmas.length; i++) {
            sigmas[i] = rounded(1 - rounded(rounded(1 - sigmas[i]) / factor));
        }
    }

    /**
     * The reference computes a handed grid in float32. A sum, product or quotient of floats taken
     * in double and then rounded is exactly the float32 result, so one code serves both precisions.
     */
    private double rounded(double value) {
        return spacing == Spacing.UNIT ? (float) value : value;
    }

    private static void require(boolean condition, String what, String expected, Object got) {
        if (!condition) {
            throw new IllegalArgumentException(what + " must be " + expected + ", got " + got);
        }
    }
}
