/** What clients speak to, each interface in a class of its own. Not API. */
package glance.serve.api;
