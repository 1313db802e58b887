/** Stable Diffusion 3 and 3.5, medium and large. */
package glance.model.sd3;
