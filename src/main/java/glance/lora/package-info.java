/**
 * Adapters of frozen models: reading the files that people share ({@link glance.lora.LoraFile}),
 * matching their names to a model's modules ({@link glance.lora.KeyMap}), and preparing them on a
 * device ({@link glance.lora.ExpertSet}). An adapter is never merged into a weight.
 *
 * <p>Not API: may change in any release.
 */
package glance.lora;
