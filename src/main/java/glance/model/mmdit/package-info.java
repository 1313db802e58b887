/** What the multimodal diffusion transformers of several families share. */
package glance.model.mmdit;
