package glance.pipeline;

import glance.backend.LowRank;
import glance.model.Velocity;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * The forward passes of one run. What they read (latents, conditioning) stays in the same memory
 * for all steps.
 */
final class Network {
    private final Ops ops;
    private final Tensor latents;
    private final boolean guided;
    private final Map<Map<String, LowRank>, Phase> phases = new IdentityHashMap<>();

    /** The steps under one set of adapters. */
    private final class Phase {
        private final Velocity velocity;
        private final StepInputs inputs;
        private int step;

        Phase(Velocity velocity) {
            this.velocity = velocity;
            this.inputs = new StepInputs(ops, velocity);
        }

        Tensor next() {
            inputs.set(ops, step++);
            Tensor x = guided ? ops.concat(0, List.of(latents, latents)) : latents;
            return velocity.prediction().at(ops, x, inputs.current());
        }
    }

    /**
     * A network on these latents, which the caller changes from step to step. Its memory belongs to
     * the innermost scope.
     *
     * @param guided whether every row is run under the prompts and under the negative prompts
     */
    Network(Ops ops, Conditioned conditioned, Tensor latents, boolean guided) {
        this.ops = ops;
        this.latents = latents;
        this.guided = guided;
        conditioned.forEach((adapters, velocity) -> phases.put(adapters, new Phase(velocity)));
    }

    /** The velocity at the next step under these adapters, which are active. */
    Tensor next(Map<String, LowRank> adapters) {
        return phases.get(adapters).next();
    }
}
