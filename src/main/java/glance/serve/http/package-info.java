/** HTTP as the server needs it, over Jetty: routes, who may ask, answers. Not API. */
package glance.serve.http;
