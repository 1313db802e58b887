package glance.cli;

import glance.backend.DeviceMemory;
import glance.train.AdapterTrainer;
import glance.train.TrainableAdapter;
import glance.train.TrainingListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ObjIntConsumer;

/** Shows how training goes, and passes the user's wish to stop on to it. */
final class TrainProgress implements TrainingListener, AutoCloseable {
    private static final int ENDS = 20;

    private final Session session;
    private final StepBar bar;
    private final DeviceMemory memory;
    private final ObjIntConsumer<TrainableAdapter> samples;
    private final List<Float> losses = new ArrayList<>();
    private double total;

    /**
     * @param samples given the adapter after each step
     */
    TrainProgress(
            Session session,
            String phase,
            int steps,
            DeviceMemory memory,
            ObjIntConsumer<TrainableAdapter> samples) {
        this.session = session;
        this.bar = new StepBar(session, phase, steps);
        this.memory = memory;
        this.samples = samples;
    }

    @Override
    public void step(AdapterTrainer.Result result, double seconds) {
        losses.add(result.loss());
        total += seconds;
        double recent = mean(losses.subList(Math.max(0, losses.size() - ENDS), losses.size()));
        bar.step(
                result.step(),
                seconds,
                List.of(
                        String.format(Locale.ROOT, "loss %.4f", recent),
                        "rate " + result.learningRate()));
    }

    @Override
    public void adapter(int step, TrainableAdapter adapter) {
        samples.accept(adapter, step);
    }

    @Override
    public void warning(String message) {
        close();
        session.note("warning: " + message);
    }

    @Override
    public boolean isCancelled() {
        return session.stop().isRequested();
    }

    /** What the steps of this run came to, in one line. */
    String summary() {
        if (losses.isEmpty()) {
            return "nothing left to do";
        }
        int ends = Math.min(ENDS, losses.size());
        return String.format(
                Locale.ROOT,
                "%s in %s (%s/step), loss %.4f in the first %d and %.4f in the last, %s",
                Units.plural(losses.size(), "step"),
                Units.seconds(total),
                Units.seconds(bar.secondsPerStep()),
                mean(losses.subList(0, ends)),
                ends,
                mean(losses.subList(losses.size() - ends, losses.size())),
                PeakMemory.of(memory.stats()).text());
    }

    private static double mean(List<Float> values) {
        return values.stream().mapToDouble(Float::doubleValue).average().orElse(0);
    }

    /** Takes the bar away, so that the next message stands alone. */
    @Override
    public void close() {
        bar.close();
    }
}
