/**
 * Qwen-Image (Wu et al., arXiv 2508.02324): the dual-stream transformer and its autoencoder. Must
 * equal QwenImageTransformer2DModel and AutoencoderKLQwenImage of diffusers.
 *
 * <p>Not API: may change in any release.
 */
package glance.model.qwenimage;
