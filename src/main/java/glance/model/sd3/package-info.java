/**
 * Stable Diffusion 3 and 3.5, medium and large.
 *
 * <p>Not API: may change in any release.
 */
package glance.model.sd3;
