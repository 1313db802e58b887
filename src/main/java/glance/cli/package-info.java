/**
 * The command line: commands, progress, messages, exit codes. It may use every layer, and nothing
 * uses it. {@link glance.cli.Main} is the entry point of the jar; large commands have packages of
 * their own, and {@code common} holds what they share.
 *
 * <p>Not API: may change in any release.
 */
package glance.cli;
