/**
 * DiT: class-conditional diffusion transformers (Peebles and Xie, arXiv 2212.09748), such as
 * DiT-XL/2.
 *
 * <p>Not API: may change in any release.
 */
package glance.model.dit;
