package glance.compare;

import glance.api.Lora;
import glance.api.Plan;
import java.util.List;

/**
 * A way to make pictures that takes part in a comparison.
 *
 * @param name for tables and labels
 * @param plan the steps
 * @param adapters what is added to the model, and when
 */
public record Contender(String name, Plan plan, List<Lora> adapters) {
    public Contender {
        adapters = List.copyOf(adapters);
    }

    /** Whether the two make the same pictures, whatever they are called. */
    public boolean isSameAs(Contender other) {
        return plan.levels().equals(other.plan.levels())
                && plan.phases().equals(other.plan.phases())
                && plan.adapters().equals(other.plan.adapters())
                && adapters.equals(other.adapters);
    }
}
