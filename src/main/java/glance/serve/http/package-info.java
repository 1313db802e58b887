/**
 * HTTP as the server needs it, over Jetty: routes, who may ask, answers. This package is not API.
 */
package glance.serve.http;
