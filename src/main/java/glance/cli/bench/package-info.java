/**
 * {@code bench}: speed and memory on this machine.
 *
 * <p>Not API: may change in any release.
 */
package glance.cli.bench;
