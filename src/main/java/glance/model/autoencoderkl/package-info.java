/**
 * AutoencoderKL, the picture codec of FLUX.1, SD3 and DiT, and AutoencoderKLFlux2.
 *
 * <p>Not API: may change in any release.
 */
package glance.model.autoencoderkl;
