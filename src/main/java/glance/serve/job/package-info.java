/**
 * Pictures that were asked for: their queue, how far they are, and their files. This package is not
 * API.
 */
package glance.serve.job;
