/**
 * Krea 2: a single-stream transformer whose text comes from several layers of Qwen3-VL.
 *
 * <p>Not API: may change in any release.
 */
package glance.model.krea2;
