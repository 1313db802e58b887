package glance.pipeline;

import glance.model.Canvas;
import glance.model.text.TextBatch;
import glance.schedule.PhasePlan;

/**
 * A picture that is drawn again and again while an adapter is in training.
 *
 * @param text the prompt and, with guidance, the negative prompt after it
 * @param guidance its scales
 * @param plan the steps
 * @param canvas size of the picture, and what it is made from
 * @param seed of the start noise
 */
public record Sample(TextBatch text, Guidance guidance, PhasePlan plan, Canvas canvas, long seed) {}
