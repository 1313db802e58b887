package glance.pipeline;

import glance.backend.LowRank;
import java.util.Map;

/**
 * One step as the sampler executes it.
 *
 * @param sigma noise level at the start, for the conditioning and the step size alike
 * @param nextSigma noise level at the end
 * @param phase name of the phase, or null
 * @param adapters what to add to which linear layer, by layer name; steps that share an instance
 *     share everything that is computed under it
 */
record DenoisingStep(float sigma, float nextSigma, String phase, Map<String, LowRank> adapters) {}
