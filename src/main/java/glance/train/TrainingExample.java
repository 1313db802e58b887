package glance.train;

import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.tensor.Tensor;

/**
 * A picture with its caption, encoded once.
 *
 * @param latents [1, tokens, channels], normalised
 * @param caption its caption, a batch of one
 * @param dropped what stands for no caption, a batch of one
 */
public record TrainingExample(
        Tensor latents, TextBatch caption, TextBatch dropped, TokenGrid grid) {}
