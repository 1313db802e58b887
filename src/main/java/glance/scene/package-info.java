/**
 * What a picture of plain shapes shows, judged from its pixels: objects are found, fitted with the
 * known shapes, and measured against the scene that the caption describes. Comparisons of toy
 * models use it; the engine does not. Uses io only.
 *
 * <p>Not API: may change in any release.
 */
package glance.scene;
