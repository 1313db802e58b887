package glance.pipeline;

import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.schedule.PhasePlan;

/**
 * A picture that is drawn again and again while an adapter is in training.
 *
 * @param text the prompt and, with guidance, the negative prompt after it
 * @param guidance its scales
 * @param plan the steps
 * @param grid size of the picture
 * @param seed of the start noise
 */
public record Sample(
        TextBatch text, Guidance guidance, PhasePlan plan, TokenGrid grid, long seed) {}
