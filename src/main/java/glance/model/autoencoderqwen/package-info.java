/**
 * AutoencoderKLQwenImage, the picture codec of Qwen-Image and Krea 2. Must equal that of diffusers
 * for pictures, which are videos of one frame.
 *
 * <p>Not API: may change in any release.
 */
package glance.model.autoencoderqwen;
