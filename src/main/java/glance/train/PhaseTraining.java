package glance.train;

import glance.api.CancelledException;
import glance.api.TrainingFailure;
import glance.lora.LoraWriter;
import glance.lora.PhaseNote;
import glance.ops.Ops;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One adapter from its first step to its file: steps, log, checkpoints, plot. A run that was killed
 * at any moment goes on from its last checkpoint and ends with the same bits as one that was not.
 */
public final class PhaseTraining {
    private final Ops ops;
    private final AdapterTrainer trainer;
    private final PhaseNote note;
    private final PhaseFiles files;
    private final Map<String, String> run;
    private int saved = -1;

    /**
     * @param note goes into the adapter's header
     * @param run what a checkpoint must agree on to be resumed, in words, by name
     */
    public PhaseTraining(
            Ops ops,
            AdapterTrainer trainer,
            PhaseNote note,
            PhaseFiles files,
            Map<String, String> run) {
        this.ops = ops;
        this.trainer = trainer;
        this.note = note;
        this.files = files;
        this.run = new LinkedHashMap<>(run);
    }

    /**
     * Goes on from the checkpoint, if there is one.
     *
     * @return steps done before
     * @throws glance.api.FormatException if it is damaged or belongs to another run
     */
    public int resume() {
        if (Files.exists(files.checkpoint())) {
            Checkpoint.resume(files.checkpoint(), ops, trainer, run);
            saved = trainer.stepsDone();
        }
        return trainer.stepsDone();
    }

    /**
     * Trains until {@code steps} are done, and writes the adapter.
     *
     * @param checkpointEvery steps between two checkpoints; 0 for only one at the end
     * @throws CancelledException if the listener asked for it; the state is in the checkpoint
     * @throws TrainingFailure if a number went wrong; the last checkpoint is kept
     */
    public void run(int steps, int checkpointEvery, TrainListener listener) {
        try (TrainingLog log = TrainingLog.open(files.log(), trainer.stepsDone())) {
            while (trainer.stepsDone() < steps) {
                if (listener.isCancelled()) {
                    save();
                    plot(log, listener);
                    throw new CancelledException(
                            "phase " + note.phase() + " stopped after step " + trainer.stepsDone());
                }
                step(log, listener);
                if (checkpointEvery > 0 && trainer.stepsDone() % checkpointEvery == 0) {
                    save();
                }
            }
            save();
            requireFinite(); // an adapter that is there already is better than a bad one
            LoraWriter.write(
                    files.adapter(), Checkpoint.pairs(ops, trainer.adapter()), note.entries());
            plot(log, listener);
        } catch (TrainingFailure e) {
            throw e.withRemedy(
                    saved < 1
                            ? "lower the learning rate"
                            : "the checkpoint of step "
                                    + saved
                                    + " is kept in "
                                    + files.checkpoint()
                                    + "; lower the learning rate");
        }
    }

    private void requireFinite() {
        String odd = new Finite(ops).firstOdd(trainer.adapter());
        if (odd != null) {
            throw new TrainingFailure(trainer.stepsDone(), odd + " is no longer finite");
        }
    }

    private void step(TrainingLog log, TrainListener listener) {
        long start = System.nanoTime();
        AdapterTrainer.Result result = trainer.step();
        double seconds = (System.nanoTime() - start) * 1e-9;
        log.add(result, seconds);
        listener.step(result, seconds);
    }

    private void save() {
        if (saved != trainer.stepsDone() && trainer.stepsDone() > 0) {
            Checkpoint.write(files.checkpoint(), ops, trainer, run);
            saved = trainer.stepsDone();
        }
    }

    private void plot(TrainingLog log, TrainListener listener) {
        if (log.rows().stream().allMatch(TrainingLog.Row::dropped)) {
            return;
        }
        try {
            String title = "phase " + note.phase() + " of plan " + note.plan();
            LossPlot.write(files.plot(), title, log.rows());
        } catch (RuntimeException | LinkageError | InternalError e) {
            // Java draws text only where fonts are installed; a server may have none.
            listener.warning(files.plot() + ": no plot (" + e + ")");
        }
    }
}
