/**
 * {@code train}, and the file that may give its settings.
 *
 * <p>Not API: may change in any release.
 */
package glance.cli.train;
