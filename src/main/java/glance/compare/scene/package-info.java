/**
 * What a picture of plain shapes shows, judged from its pixels: objects are found, fitted with the
 * known shapes, and held against the scene that the caption describes. Uses io only.
 *
 * <p>Not API: may change in any release.
 */
package glance.compare.scene;
