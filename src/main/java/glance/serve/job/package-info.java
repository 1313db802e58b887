/** Pictures that were asked for: queue, progress and files. This package is not API. */
package glance.serve.job;
