/** AutoencoderKL, the picture codec of FLUX.1, SD3 and DiT. */
package glance.model.autoencoderkl;
