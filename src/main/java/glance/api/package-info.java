/**
 * <strong>API.</strong> What a user of the library says and hears: requests ({@link
 * glance.api.Request}), plans ({@link glance.api.Plan}), adapters ({@link glance.api.Lora}) with
 * their strength and steps, comparisons ({@link glance.api.Comparison}), trainings ({@link
 * glance.api.Training}), other forms of a model ({@link glance.api.Conversion}). Values only: all
 * of them are immutable and may be shared between threads. What can go wrong, each in one line for
 * the user that says what, where and how to mend it:
 *
 * <ul>
 *   <li>{@link glance.api.RequestException}: what was asked for makes no sense, or does not fit the
 *       model
 *   <li>{@link glance.api.FormatException}: a file is missing, damaged or of an unsupported kind
 *   <li>{@link glance.api.DeviceException}: a device cannot be opened, failed, or has too little
 *       memory
 *   <li>{@link glance.api.CancelledException}: the caller ended the work
 *   <li>{@link glance.api.TrainingFailure}: training went wrong in its numbers
 * </ul>
 *
 * Beside these, use after closing is an {@link IllegalStateException}, and a failing disk or
 * network an {@link java.io.UncheckedIOException}.
 */
package glance.api;
