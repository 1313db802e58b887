package glance.train;

import glance.model.Canvas;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.tensor.Tensor;

/**
 * A picture with its caption, encoded once.
 *
 * @param latents [1, tokens, channels] of the picture, normalised
 * @param caption its caption, a batch of one
 * @param dropped what stands for no caption, a batch of one
 * @param canvas its size, and the reference pictures that it is made from
 */
public record TrainingExample(Tensor latents, TextBatch caption, TextBatch dropped, Canvas canvas) {
    /** A picture that is made from its caption alone. */
    public TrainingExample(Tensor latents, TextBatch caption, TextBatch dropped, TokenGrid grid) {
        this(latents, caption, dropped, new Canvas(grid));
    }

    /** Tokens of the picture, without those of its references. */
    public TokenGrid grid() {
        return canvas.grid();
    }
}
