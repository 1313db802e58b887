/**
 * {@code info}: what a file or a folder is. Reading ({@link glance.cli.info.Inspector}) and telling
 * ({@link glance.cli.info.InfoText}) are apart.
 *
 * <p>Not API: may change in any release.
 */
package glance.cli.info;
