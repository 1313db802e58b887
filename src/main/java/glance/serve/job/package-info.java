/** Pictures that were asked for: queue, progress and files. Not API. */
package glance.serve.job;
