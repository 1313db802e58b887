/**
 * What the multimodal diffusion transformers of several families share.
 *
 * <p>Not API: may change in any release.
 */
package glance.model.mmdit;
