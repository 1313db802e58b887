/**
 * From prompts to pictures: loads the parts of a model one after the other, and runs the
 * phase-aware denoising loop over a plan.
 */
package glance.pipeline;
