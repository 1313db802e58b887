/**
 * DiT: class-conditional diffusion transformers (Peebles and Xie, arXiv 2212.09748), such as
 * DiT-XL/2.
 */
package glance.model.dit;
