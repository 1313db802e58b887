package glance.api.adapter;

import glance.api.BlockFactors;
import glance.api.Lora;
import glance.api.RequestException;
import glance.api.Strength;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes a copy of a model with adapters added to its weights, each sum rounded once. The copy is
 * what the model is: a folder, or a file.
 *
 * @param model its folder, its transformer's, or a file
 * @param loras each with one strength for all steps and blocks
 * @param allowPartial whether adapters may have parts that the model has no place for
 */
public record Merge(Path model, List<Lora> loras, boolean allowPartial) {
    /**
     * @throws RequestException if there is no adapter, or one has steps or several strengths
     */
    public Merge {
        loras = List.copyOf(loras);
        if (loras.isEmpty()) {
            throw new RequestException("no adapter to merge; give at least one");
        }
        for (Lora lora : loras) {
            if (lora.steps() != null) {
                throw refuse(lora, "a merged adapter serves all steps; leave @ out");
            }
            boolean one =
                    lora.strength() instanceof Strength.Constant
                            || lora.strength().equals(Strength.OF_PLAN);
            if (!one || !lora.blocks().equals(BlockFactors.ONE)) {
                throw refuse(lora, "a merged adapter has one strength; give a number");
            }
        }
    }

    private static RequestException refuse(Lora lora, String reason) {
        return new RequestException("adapter '" + lora + "': " + reason);
    }

    /**
     * Of whole adapters.
     *
     * @throws RequestException if there is no adapter, or one has steps or several strengths
     */
    public static Merge of(Path model, Lora... loras) {
        return new Merge(model, List.of(loras), false);
    }

    /** The same with or without leave to merge in part. */
    public Merge allowPartial(boolean other) {
        return new Merge(model, loras, other);
    }

    /**
     * What storing a merged weight cost. Squares of Frobenius norms, so that those of several
     * modules can be added.
     *
     * @param module its name
     * @param dtype of the stored weight
     * @param weight square of the exact sum
     * @param update square of what the adapters added
     * @param lost square of the stored weight less the exact sum
     */
    public record Module(String module, String dtype, double weight, double update, double lost) {}
}
