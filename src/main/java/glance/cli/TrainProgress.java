package glance.cli;

import glance.TrainingListener;
import glance.TrainingProgress;
import glance.api.MemoryStats;
import glance.api.Trained;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/** Shows how training goes, and passes the user's wish to stop on to it. */
final class TrainProgress implements TrainingListener, AutoCloseable {
    private static final int ENDS = 20;

    private final Session session;
    private final Supplier<MemoryStats> memory;
    private final Runnable begins;
    private final List<Float> losses = new ArrayList<>();
    private StepBar bar; // of a phase; null before its first step
    private double seconds;

    /**
     * @param begins called when the folder is taken, before the first step
     */
    TrainProgress(Session session, Supplier<MemoryStats> memory, Runnable begins) {
        this.session = session;
        this.memory = memory;
        this.begins = begins;
    }

    @Override
    public void begins() {
        begins.run();
    }

    @Override
    public void progress(TrainingProgress progress) {
        if (bar == null) {
            bar = new StepBar(session, progress.phase(), progress.steps());
        }
        losses.add(progress.loss());
        seconds += progress.stepSeconds();
        double recent = mean(losses.subList(Math.max(0, losses.size() - ENDS), losses.size()));
        bar.step(
                progress.step(),
                progress.stepSeconds(),
                List.of(
                        String.format(Locale.ROOT, "loss %.4f", recent),
                        "rate " + progress.learningRate()));
    }

    @Override
    public void adapter(Trained.Adapter adapter) {
        note(adapter.phase() + ": " + summary());
        losses.clear();
        seconds = 0;
        bar = null;
    }

    @Override
    public void note(String message) {
        close();
        session.note(message);
    }

    @Override
    public void warning(String message) {
        note("warning: " + message);
    }

    @Override
    public boolean isCancelled() {
        return session.stop().isRequested();
    }

    /** What the steps of a phase came to, in one line. */
    private String summary() {
        if (losses.isEmpty()) {
            return "nothing left to do";
        }
        int ends = Math.min(ENDS, losses.size());
        return String.format(
                Locale.ROOT,
                "%s in %s (%s/step), loss %.4f in the first %d and %.4f in the last, %s",
                Units.plural(losses.size(), "step"),
                Units.seconds(seconds),
                Units.seconds(bar.secondsPerStep()),
                mean(losses.subList(0, ends)),
                ends,
                mean(losses.subList(losses.size() - ends, losses.size())),
                PeakMemory.of(memory.get()).text());
    }

    private static double mean(List<Float> values) {
        return values.stream().mapToDouble(Float::doubleValue).average().orElse(0);
    }

    /** Takes the bar away, so that the next message stands alone. */
    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
