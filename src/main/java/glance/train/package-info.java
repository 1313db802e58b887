/**
 * Training of adapters: parameters, optimizer, loop.
 *
 * <p>Not API: may change in any release.
 */
package glance.train;
