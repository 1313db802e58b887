package glance.model;

import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * What a denoiser works on: the tokens of the picture that it draws, and those of reference
 * pictures, which it sees and does not change.
 *
 * @param grid tokens of the picture
 * @param references in the order given; empty for models that take none
 */
public record Canvas(TokenGrid grid, List<Reference> references) {
    /**
     * A picture to look at.
     *
     * @param latents [1, tokens, channels], as the denoiser sees them at sigma 0
     * @param grid its tokens
     */
    public record Reference(Tensor latents, TokenGrid grid) {}

    public Canvas {
        references = List.copyOf(references);
    }

    /** A picture that is drawn from the prompt alone. */
    public Canvas(TokenGrid grid) {
        this(grid, List.of());
    }

    /** Tokens of the picture and of all references. */
    public int tokens() {
        return grid.tokens() + references.stream().mapToInt(r -> r.grid().tokens()).sum();
    }

    /**
     * The tokens of all references one after the other, the same for each sample, in the innermost
     * scope.
     *
     * @return [batch, tokens, channels]; nothing without references
     */
    public Optional<Tensor> seen(Ops ops, int batch) {
        if (references.isEmpty()) {
            return Optional.empty();
        }
        try (Scope scope = ops.scope()) {
            Tensor one = ops.concat(1, references.stream().map(Reference::latents).toList());
            return Optional.of(scope.keep(ops.concat(0, Collections.nCopies(batch, one))));
        }
    }
}
