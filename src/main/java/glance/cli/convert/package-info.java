/**
 * {@code convert}: models in other forms. {@link glance.ModelTools} does the work.
 *
 * <p>Not API: may change in any release.
 */
package glance.cli.convert;
