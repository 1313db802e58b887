/**
 * Models, written once against {@code glance.ops} and {@code glance.nn}. Each family is a package
 * of its own; {@code text} holds the text encoders that families share.
 *
 * <p>Not API: may change in any release.
 */
package glance.model;
