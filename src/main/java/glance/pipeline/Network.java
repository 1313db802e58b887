package glance.pipeline;

import glance.backend.Replay;
import glance.lora.StepExperts;
import glance.model.Velocity;
import glance.ops.Adapter;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * The forward passes of one run. What they read (latents, conditioning) and write (the velocity)
 * stays in the same memory for all steps, so the steps of a phase are one piece of work that is
 * replayed, at any strength. A switch of phases is a choice between two such pieces.
 */
final class Network implements AutoCloseable {
    private final Ops ops;
    private final Tensor latents; // (batch, tokens, channels)
    private final Tensor velocity; // the same; with guidance, that under the negatives follows
    private final Map<Adapter, Phase> phases = new IdentityHashMap<>();

    /** The steps under one adapter, whatever the strengths. */
    private final class Phase {
        private final StepInputs inputs;
        private final Replay pass;
        private int step;

        Phase(Adapter adapter, Conditioned conditioned) {
            inputs = conditioned.inputs(ops, adapter);
            Velocity.Prediction prediction = conditioned.prediction();
            pass =
                    ops.replay(
                            () ->
                                    ops.copy(
                                            ops.under(
                                                    adapter,
                                                    () ->
                                                            prediction.at(
                                                                    ops,
                                                                    rows(),
                                                                    inputs.vectors(),
                                                                    inputs.constants())),
                                            velocity));
        }

        void next() {
            inputs.set(ops, step++);
            pass.run();
        }
    }

    /**
     * A network on these latents, which the caller changes from step to step. Its memory belongs to
     * the innermost scope.
     *
     * @param guided whether every row is run under the prompts and under the negative prompts
     * @param from index of the first step that is run
     */
    Network(Ops ops, Conditioned conditioned, Tensor latents, boolean guided, int from) {
        this.ops = ops;
        this.latents = latents;
        int rows = (guided ? 2 : 1) * latents.dim(0);
        this.velocity = ops.empty(ops.computeType(), latents.shape().with(0, rows));
        for (Adapter adapter : conditioned.adapters()) {
            phases.put(adapter, new Phase(adapter, conditioned));
        }
        for (int step = 0; step < from; step++) {
            phases.get(conditioned.adapter(step)).step++;
        }
    }

    private Tensor rows() {
        boolean guided = velocity.dim(0) > latents.dim(0);
        return guided ? ops.concat(0, List.of(latents, latents)) : latents;
    }

    /** The velocity at the next step under its experts; valid until then. */
    Tensor next(StepExperts experts) {
        experts.use(ops);
        phases.get(experts.adapter()).next();
        return velocity;
    }

    @Override
    public void close() {
        phases.values().forEach(phase -> phase.pass.close());
    }
}
