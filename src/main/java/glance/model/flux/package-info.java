/** FLUX.1, dev and schnell, and models in its layout. */
package glance.model.flux;
