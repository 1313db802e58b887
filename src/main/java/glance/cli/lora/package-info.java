/**
 * {@code lora}: tools on adapter files. {@link glance.LoraTools} does the work.
 *
 * <p>Not API: may change in any release.
 */
package glance.cli.lora;
