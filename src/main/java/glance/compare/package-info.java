/**
 * Runs of one model beside each other: how far each is from the teacher, and what it costs. Between
 * the command line and pipeline; knows plans and adapters only as settings.
 *
 * <p>Not API: may change in any release.
 */
package glance.compare;
