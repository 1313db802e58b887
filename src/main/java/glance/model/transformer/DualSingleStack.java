package glance.model.transformer;

import glance.nn.Linear;
import glance.op.AttentionMask;
import glance.op.Rope;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * What FLUX.1 and FLUX.2 do at each step: dual-stream blocks, then single-stream blocks on text and
 * picture as one sequence, between the layers that let tokens in and out.
 *
 * @param imageIn from the channels of a packed latent token
 * @param textIn from the width of the text's embeddings
 * @param blocks those with two streams
 * @param singleBlocks those with one
 * @param last norm and projection of the picture's tokens
 */
public record DualSingleStack(
        Linear imageIn,
        Linear textIn,
        List<DualStreamBlock> blocks,
        List<SingleStreamBlock> singleBlocks,
        FinalLayer last) {
    /**
     * The predicted velocity.
     *
     * @param latents [batch, tokens, inChannels], packed, rows of the picture one by one
     * @param seen [batch, more tokens, inChannels] of reference pictures, if there are any; nothing
     *     is predicted for them
     * @param text [batch, textLen, textDim]
     * @param modulation one row, or one per sample
     * @param positions of text and all pictures
     * @return [batch, tokens, outChannels]
     * @throws IllegalArgumentException if there are not as many tokens as positions
     */
    public Tensor velocity(
            Ops ops,
            Tensor latents,
            Optional<Tensor> seen,
            Tensor text,
            Modulation modulation,
            Rope positions) {
        int textLen = text.dim(1);
        try (Scope scope = ops.scope()) {
            Tensor tokens = seen.isEmpty() ? latents : ops.concat(1, List.of(latents, seen.get()));
            int expected = positions.cos().dim(0) - textLen;
            if (tokens.dim(1) != expected) {
                throw new IllegalArgumentException(
                        "latents must have "
                                + expected
                                + " tokens, those of references among them, got "
                                + tokens.shape());
            }
            DualStreamBlock.Hidden hidden =
                    new DualStreamBlock.Hidden(
                            imageIn.forward(ops, tokens), textIn.forward(ops, text));
            hidden =
                    DualStreamBlock.all(
                            ops, blocks, hidden, modulation, AttentionMask.none(), positions);
            Tensor joint = ops.concat(1, List.of(hidden.text(), hidden.image()));
            scope.free(hidden.image());
            scope.free(hidden.text());
            joint = SingleStreamBlock.all(ops, singleBlocks, joint, modulation.single(), positions);
            Tensor image = joint.narrow(1, textLen, latents.dim(1));
            return scope.keep(last.forward(ops, image, modulation.out()));
        }
    }
}
