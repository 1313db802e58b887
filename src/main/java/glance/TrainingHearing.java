package glance;

import glance.api.Trained;
import glance.train.AdapterTrainer;
import glance.train.TrainJob;
import glance.train.TrainListener;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;

/** Tells a user's listener how a training goes. */
final class TrainingHearing implements TrainListener {
    private final TrainingListener listener;
    private final TrainJob job;
    private final BooleanSupplier cancelled;
    private final Pace pace = new Pace();
    private String phase;

    /**
     * @param cancelled a second one who may end the run
     */
    TrainingHearing(TrainingListener listener, TrainJob job, BooleanSupplier cancelled) {
        this.listener = listener;
        this.job = job;
        this.cancelled = cancelled;
    }

    @Override
    public void begins() {
        listener.begins();
    }

    @Override
    public void phase(String name, int stepsDone) {
        phase = name;
        if (stepsDone > 0) {
            listener.note(name + ": goes on after step " + stepsDone);
        }
    }

    @Override
    public void step(AdapterTrainer.Result result, double seconds) {
        int steps = job.settings().steps();
        int phasesLeft = job.phases().size() - job.phases().indexOf(phase);
        int left = phasesLeft * steps - result.step();
        listener.progress(
                new TrainingProgress(
                        phase,
                        result.step(),
                        steps,
                        result.loss(),
                        result.learningRate(),
                        result.gradNorm(),
                        seconds,
                        pace.left(left, seconds)));
    }

    @Override
    public void sample(Path file) {
        listener.sample(file);
    }

    @Override
    public void adapter(Trained.Adapter adapter) {
        listener.adapter(adapter);
    }

    @Override
    public void note(String message) {
        listener.note(message);
    }

    @Override
    public void warning(String message) {
        listener.warning(message);
    }

    @Override
    public boolean isCancelled() {
        return listener.isCancelled() || cancelled.getAsBoolean();
    }
}
