/**
 * FLUX.1, dev and schnell, and models in its layout.
 *
 * <p>Not API: may change in any release.
 */
package glance.model.flux;
