/**
 * The work of {@link glance.LoraTools} on files, on the host alone: looking at adapters, resizing,
 * extracting, merging, converting.
 *
 * <p>Not API: may change in any release.
 */
package glance.tools;
