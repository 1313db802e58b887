/**
 * The engine as a server: pictures over HTTP, by the interfaces that existing clients know, and a
 * page for people. It stands on the library alone. Not API.
 */
package glance.serve;
