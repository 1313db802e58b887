/**
 * Spark jobs with glance-engine: {@link glance.spark.Draw} draws a table of prompts, {@link
 * glance.spark.Train} trains adapters for each picture of a table.
 *
 * <p>What a table asks for, and how a piece of it is made, is a {@code Craft}; a {@code Job} plans
 * it, shares it out, and keeps the {@code Manifest}. Everything that lasts goes through {@code
 * Storage}: written aside and moved under a name that follows from the row, so that it does not
 * matter how often a task runs, or where it ends.
 */
package glance.spark;
