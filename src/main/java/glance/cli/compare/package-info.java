/**
 * {@code compare}. {@link glance.Model#compare} does the work.
 *
 * <p>Not API: may change in any release.
 */
package glance.cli.compare;
