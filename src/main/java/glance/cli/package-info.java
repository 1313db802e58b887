/**
 * The command line: commands, progress, messages, exit codes. The top of the house: it may use
 * every layer below, and nothing uses it. {@link glance.cli.Main} is the entry point of the jar.
 *
 * <p>Not API: may change in any release.
 */
package glance.cli;
