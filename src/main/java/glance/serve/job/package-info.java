/** Pictures that were asked for: their queue, how far they are, and their files. Not API. */
package glance.serve.job;
