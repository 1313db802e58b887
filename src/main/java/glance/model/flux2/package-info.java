/**
 * FLUX.2 [klein]: the transformer, and what its pipeline does around it.
 *
 * <p>Not API: may change in any release.
 */
package glance.model.flux2;
