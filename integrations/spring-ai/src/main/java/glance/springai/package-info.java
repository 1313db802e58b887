/**
 * Pictures for Spring AI, drawn in the same JVM: {@link glance.springai.GlanceImageModel} on top of
 * the library {@code glance-engine}, and its auto-configuration.
 */
@NullMarked
package glance.springai;

import org.jspecify.annotations.NullMarked;
