/**
 * The work of {@link glance.LoraTools} and {@link glance.ModelTools} on files, on the host alone:
 * looking at adapters, resizing, extracting, merging, converting; writing models in other forms.
 *
 * <p>Not API: may change in any release.
 */
package glance.tools;
