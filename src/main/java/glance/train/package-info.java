/**
 * Training of adapters. {@link glance.api.Training} says what to learn.
 *
 * <pre>
 *   TrainJob        the training without gaps, for one model and one folder
 *   TrainRun        encodes pictures and captions once; then for each phase:
 *     PhaseTraining   steps, log, checkpoints, plot, the adapter's file; goes on to the same bits
 *       AdapterTrainer  a step: noise levels of the phase, loss, gradients, AdamW
 * </pre>
 *
 * <p>Not API: may change in any release.
 */
package glance.train;
