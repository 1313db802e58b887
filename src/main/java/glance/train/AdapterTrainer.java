package glance.train;

import glance.api.TrainingFailure;
import glance.autograd.Tape;
import glance.lora.LoraPair;
import glance.model.Canvas;
import glance.model.Denoiser;
import glance.model.TokenGrid;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.ops.TrainingOps;
import glance.schedule.SeededNoise;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * Trains one adapter of a frozen denoiser by flow matching on the noise levels of one phase
 * (Glance, arXiv 2512.02899, section 3): draw a level sigma, {@code x = (1 - sigma) latents + sigma
 * noise}, and let the predicted velocity approach {@code noise - latents} in the mean squared
 * error. Reference pictures are seen and stay as they are: nothing is predicted for their tokens.
 *
 * <p>Everything drawn in a step depends on the seed and the step's number alone, so a run can be
 * resumed at any step with the same results.
 */
public final class AdapterTrainer implements AutoCloseable {
    private final Ops ops;
    private final Denoiser denoiser;
    private final List<TrainingExample> examples;
    private final Map<TokenGrid, float[]> sigmas = new HashMap<>();
    private final TrainingSettings settings;
    private final float embeddedGuidance;
    private final TrainableAdapter adapter;
    private final AdamW optimizer;

    /**
     * What a step did.
     *
     * @param step counted from 1
     * @param draws its examples
     * @param loss mean over its examples
     * @param gradNorm before clipping
     */
    public record Result(
            int step, List<Draw> draws, float loss, float gradNorm, float learningRate) {}

    /**
     * An example that was shown.
     *
     * @param sigma its noise level
     * @param dropped whether a blank took its caption's place
     * @param loss its mean squared error
     */
    public record Draw(float sigma, boolean dropped, float loss) {}

    /**
     * @param sigmas noise levels of pictures of a size, to draw from, evenly
     * @param embeddedGuidance scale for models that take it as an input
     */
    public AdapterTrainer(
            Ops ops,
            Denoiser denoiser,
            List<TrainingExample> examples,
            Function<TokenGrid, float[]> sigmas,
            TrainingSettings settings,
            float embeddedGuidance) {
        this.ops = ops;
        this.denoiser = denoiser;
        this.examples = List.copyOf(examples);
        examples.forEach(example -> this.sigmas.put(example.grid(), sigmas.apply(example.grid())));
        this.settings = settings;
        this.embeddedGuidance = embeddedGuidance;
        Map<String, LoraPair> start = AdapterInit.create(denoiser.linears(), settings);
        try (Scope scope = ops.scope()) {
            adapter = new TrainableAdapter(ops, start);
        }
        optimizer =
                new AdamW(ops, adapter.parameters(), settings.optimizer(), settings.maxGradNorm());
    }

    /** The adapter as it is now. */
    public TrainableAdapter adapter() {
        return adapter;
    }

    /** The optimizer's state. */
    AdamW optimizer() {
        return optimizer;
    }

    /** Steps done so far, those of a resumed run included. */
    public int stepsDone() {
        return optimizer.stepsDone();
    }

    /**
     * Trains one step.
     *
     * @throws TrainingFailure if the loss or a gradient is not finite; the adapter is left as it
     *     was
     */
    public Result step() {
        return ops.under(adapter, this::adaptedStep);
    }

    private Result adaptedStep() {
        int step = stepsDone() + 1;
        SplittableRandom random =
                new SplittableRandom(settings.seed() * 0x9E3779B97F4A7C15L + step);
        try (Scope scope = ops.scope();
                GradientSum sum = new GradientSum(ops)) {
            double total = 0;
            List<Draw> draws = new ArrayList<>();
            for (int i = 0; i < settings.accumulation(); i++) {
                TrainingExample example = examples.get(random.nextInt(examples.size()));
                float[] levels = sigmas.get(example.grid());
                float sigma = levels[random.nextInt(levels.length)];
                boolean dropped = random.nextDouble() < settings.captionDropout();
                float loss = example(example, sigma, dropped, random.nextLong() >>> 1, step, sum);
                draws.add(new Draw(sigma, dropped, loss));
                total += loss;
            }
            float share = 1f / settings.accumulation();
            float rate = settings.rateAt(step);
            float norm = optimizer.step(sum::of, share, rate);
            if (!Float.isFinite(norm)) {
                throw new TrainingFailure(step, sum.culprit(adapter, norm));
            }
            return new Result(step, draws, (float) total * share, norm, rate);
        }
    }

    /** The loss of one example; adds its gradients to the sum. */
    private float example(
            TrainingExample example,
            float sigma,
            boolean dropped,
            long noiseSeed,
            int step,
            GradientSum sum) {
        try (Scope scope = ops.scope();
                Tape tape = new Tape(ops, settings.checkpointing())) {
            adapter.parameters().forEach(tape::watch);
            Tensor latents = example.latents();
            int count = Math.toIntExact(latents.numel());
            Tensor noise =
                    ops.host().floats(latents.shape(), new SeededNoise(noiseSeed).normal(count));
            Tensor noisy =
                    ops.add(ops.mul(latents, scalar(1 - sigma)), ops.mul(noise, scalar(sigma)));
            Tensor target = ops.add(noise, ops.mul(latents, scalar(-1)));
            Tensor velocity =
                    denoiser.prepare(
                                    ops,
                                    dropped ? example.dropped() : example.caption(),
                                    new float[] {sigma},
                                    example.canvas(),
                                    embeddedGuidance)
                            .at(ops, noisy, 0);
            TrainingOps.Loss loss = ops.training().meanSquaredError(velocity, target);
            float value = ops.host().floats(loss.value()).get(0);
            if (!Float.isFinite(value)) {
                throw new TrainingFailure(
                        step,
                        "the loss at sigma "
                                + sigma
                                + " is "
                                + value
                                + "; "
                                + culprit(example, dropped, velocity));
            }
            tape.backward(loss);
            sum.add(adapter.parameters(), tape);
            return value;
        }
    }

    /** The first tensor on the way to a loss that is not finite. */
    private String culprit(TrainingExample example, boolean dropped, Tensor velocity) {
        Finite finite = new Finite(ops);
        String parameter = finite.firstOdd(adapter);
        if (parameter != null) {
            return parameter + " of the adapter has such values";
        }
        if (!finite.is(example.latents())) {
            return "the picture's latents have such values";
        }
        for (Canvas.Reference reference : example.canvas().references()) {
            if (!finite.is(reference.latents())) {
                return "a reference picture's latents have such values";
            }
        }
        if (!finite.is((dropped ? example.dropped() : example.caption()).embeddings())) {
            return "the caption's embeddings have such values";
        }
        return finite.is(velocity)
                ? "the predicted velocity is too large to be squared"
                : "the predicted velocity has such values";
    }

    private Tensor scalar(float value) {
        return ops.host().floats(Shape.of(1), value);
    }

    @Override
    public void close() {
        optimizer.close();
        adapter.close();
    }

    /** Gradients of several examples added up, in F32 as the parameters are. */
    private static final class GradientSum implements AutoCloseable {
        private final Ops ops;
        private final Map<Tensor, Tensor> sums = new HashMap<>();

        GradientSum(Ops ops) {
            this.ops = ops;
        }

        void add(List<Tensor> parameters, Tape tape) {
            for (Tensor parameter : parameters) {
                Tensor gradient = tape.gradient(parameter);
                if (gradient != null) {
                    add(parameter, gradient);
                }
            }
        }

        /** The first is taken over from its tape, which made it for this parameter alone. */
        private void add(Tensor parameter, Tensor gradient) {
            Tensor sum = sums.get(parameter);
            if (sum == null) {
                gradient.storage().retain();
                sums.put(parameter, gradient);
            } else {
                ops.training().accumulate(gradient, sum);
            }
        }

        Tensor of(Tensor parameter) {
            return sums.get(parameter);
        }

        /** Names the gradient that spoils the norm. */
        String culprit(TrainableAdapter adapter, float norm) {
            Finite finite = new Finite(ops);
            for (Map.Entry<String, Tensor> parameter : adapter.named().entrySet()) {
                Tensor sum = sums.get(parameter.getValue());
                if (sum != null && !finite.is(sum)) {
                    return "the gradient of " + parameter.getKey() + " is not finite";
                }
            }
            return "the norm of the gradients is " + norm;
        }

        @Override
        public void close() {
            sums.values().forEach(sum -> sum.storage().release());
        }
    }
}
