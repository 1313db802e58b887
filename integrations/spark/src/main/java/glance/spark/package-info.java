/**
 * Spark jobs with glance-engine: {@link glance.spark.Draw} draws a table of prompts, {@link
 * glance.spark.Train} trains adapters for each picture of a table.
 *
 * <p>What is read and made is the matter of a {@link glance.spark.Craft}; {@link glance.spark.Job}
 * plans it, shares it out, and keeps the manifest. Everything that lasts goes through {@link
 * glance.spark.Storage}: written aside and moved under a name that follows from the row, so that it
 * does not matter how often a task runs, or where it ends.
 */
package glance.spark;
