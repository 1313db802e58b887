/**
 * Text to token ids. {@link glance.tokenizer.Tokenizer} reads the tokenizer folder of a model and
 * lets the Hugging Face tokenizers library do the work.
 *
 * <p>Not API: may change in any release.
 */
package glance.tokenizer;
