/**
 * Z-Image (Tongyi-MAI, arXiv 2511.22699), Turbo and Base: text and picture in one stream. Must
 * equal ZImageTransformer2DModel and ZImagePipeline of diffusers.
 *
 * <p>Not API: may change in any release.
 */
package glance.model.zimage;
