/**
 * The settings of a picture, as they travel in its file: written for ourselves and for other
 * programs, and read from both.
 *
 * <p>Not API: may change in any release.
 */
package glance.picture;
