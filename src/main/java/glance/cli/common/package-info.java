/**
 * What the commands share: the session with its streams and exit codes, options, messages, tables
 * and progress.
 *
 * <p>Not API: may change in any release.
 */
package glance.cli.common;
