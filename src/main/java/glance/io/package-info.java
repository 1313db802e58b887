/**
 * Everything that lives in files: weights in safetensors and GGUF, JSON configs, model folders and
 * pictures. Knows {@link glance.tensor} for shapes and element types and nothing of devices or
 * models. A file that cannot be used is a {@link glance.api.FormatException}, in one line.
 *
 * <p>Not API: may change in any release.
 */
package glance.io;
