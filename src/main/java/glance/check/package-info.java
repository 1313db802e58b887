/**
 * Compares the engine with recorded results of the reference implementations: runs case folders and
 * reports the relative error of every tensor. For people who port a checkpoint or a device.
 *
 * <p>Not API: may change in any release.
 */
package glance.check;
