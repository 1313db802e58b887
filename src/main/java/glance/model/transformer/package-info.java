/**
 * What the diffusion transformers of several families share: how patches and conditions get in, the
 * dual-stream block, and the last layer.
 *
 * <p>Not API: may change in any release.
 */
package glance.model.transformer;
