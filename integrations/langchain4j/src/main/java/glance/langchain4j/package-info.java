/**
 * Pictures for langchain4j, drawn in the same JVM: {@link glance.langchain4j.GlanceImageModel} on
 * top of the library {@code glance-engine}.
 */
package glance.langchain4j;
