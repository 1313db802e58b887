/**
 * <strong>API.</strong> The engine as a library: {@link glance.Glance} opens a device and loads
 * models, {@link glance.Model} draws, compares and trains; {@link glance.LoraTools} works on
 * adapter files. What is asked for and what can go wrong is in {@link glance.api}. All other
 * packages are the engine itself: they may be read, built upon for research, and changed in any
 * release.
 */
package glance;
