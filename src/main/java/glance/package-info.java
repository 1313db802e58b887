/** Text-to-image diffusion transformers on the JVM; the layers are described in README.md. */
package glance;
