/**
 * Runs of one model beside each other: how far each is from the teacher, and what it costs. Between
 * the front door, whose {@link glance.api.Comparison} it carries out, and pipeline.
 *
 * <p>Not API: may change in any release.
 */
package glance.compare;
