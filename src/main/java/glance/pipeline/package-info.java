/**
 * From prompts to pictures: loads the parts of a model one after the other, and runs the
 * phase-aware denoising loop over a plan:
 *
 * <pre>
 *   Sampler.prepare   conditioning of all texts, phases and steps; then the layers that made it go
 *   Sampler.run       for each step:
 *     StepInputs        one copy: the step's conditioning to where the network reads it
 *     Network           one replay: latents -&gt; velocity
 *     guidedEuler       guidance, Euler's step; one copy to where the network reads latents
 *     synchronize       for progress and cancelling
 * </pre>
 *
 * <p>Not API: may change in any release.
 */
package glance.pipeline;
