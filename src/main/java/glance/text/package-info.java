/**
 * What messages and files are written with: text of strangers made fit for them, our own name.
 *
 * <p>Not API: may change in any release.
 */
package glance.text;
