package glance.schedule;

/**
 * One step of a run: from one noise level to the next.
 *
 * @param number position in the plan, counting from 1
 * @param sigma the noise level that the latents have and that the model is conditioned on
 * @param nextSigma the noise level after the step; the step size is {@code nextSigma - sigma}
 * @param phase the phase that the step belongs to, or null for none
 */
public record Step(int number, float sigma, float nextSigma, String phase) {}
