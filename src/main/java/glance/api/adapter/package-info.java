/**
 * <strong>API.</strong> What the tools on adapter files ({@link glance.LoraTools}) are asked and
 * what they answer. Values only, of types of the JDK: layouts and dtypes go by the names that they
 * have on the command line. Remedies in messages name its options; {@code --overwrite} is {@code
 * overwrite(true)} here.
 */
package glance.api.adapter;
