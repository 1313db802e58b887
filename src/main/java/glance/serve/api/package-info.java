/** What clients speak to, each interface in a class of its own. This package is not API. */
package glance.serve.api;
