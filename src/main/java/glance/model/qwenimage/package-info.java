/**
 * Qwen-Image (Wu et al., arXiv 2508.02324): the dual-stream transformer. Must equal
 * QwenImageTransformer2DModel of diffusers.
 *
 * <p>Not API: may change in any release.
 */
package glance.model.qwenimage;
