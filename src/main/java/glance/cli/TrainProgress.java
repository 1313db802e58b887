package glance.cli;

import glance.backend.DeviceMemory;
import glance.train.AdapterTrainer;
import glance.train.TrainableAdapter;
import glance.train.TrainingListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ObjIntConsumer;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows how training goes: a bar where stderr is a terminal, else a line now and then, both with
 * loss, rate, time of a step and most memory of tensors.
 */
final class TrainProgress implements TrainingListener, AutoCloseable {
    private static final long LINE_INTERVAL_NANOS = 10_000_000_000L;
    private static final int REDRAW_MILLIS = 200;
    private static final int ENDS = 20;
    private static final String CLEAR_TO_END = "\u001b[K";

    private final Session session;
    private final String phase;
    private final int steps;
    private final DeviceMemory memory;
    private final ObjIntConsumer<TrainableAdapter> samples;
    private final boolean interactive = Terminal.isStderr();
    private final List<Float> losses = new ArrayList<>();
    private long lastLine = System.nanoTime();
    private double total;
    private ProgressBar bar;

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
        this.phase = phase;
        this.steps = steps;
        this.memory = memory;
        this.samples = samples;
    }

    @Override
    public void step(AdapterTrainer.Result result, double seconds) {
        losses.add(result.loss());
        total += seconds;
        String state =
                String.format(
                        Locale.ROOT,
                        "loss %.4f, rate %s, %.3f s/step, peak %s",
                        mean(losses.subList(Math.max(0, losses.size() - ENDS), losses.size())),
                        result.learningRate(),
                        total / losses.size(),
                        Units.bytes(memory.stats().peakScratchBytes()));
        if (interactive) {
            redraw(result.step(), state);
        } else if (System.nanoTime() - lastLine > LINE_INTERVAL_NANOS) {
            lastLine = System.nanoTime();
            double left = (steps - result.step()) * total / losses.size();
            session.note(
                    phase
                            + ": step "
                            + result.step()
                            + " of "
                            + steps
                            + ", "
                            + state
                            + ", about "
                            + Units.seconds(left)
                            + " left");
        }
    }

    private void redraw(int step, String state) {
        if (bar == null) {
            bar =
                    new ProgressBarBuilder()
                            .setTaskName(phase)
                            .setInitialMax(steps)
                            .setStyle(ProgressBarStyle.ASCII)
                            .setUpdateIntervalMillis(REDRAW_MILLIS)
                            .setConsumer(
                                    new DelegatingProgressBarConsumer(
                                            this::show, Terminal.columns() - 1))
                            .build();
        }
        bar.setExtraMessage(" " + state);
        bar.stepTo(step);
    }

    private void show(String line) {
        session.err().print('\r' + line + CLEAR_TO_END);
        session.err().flush();
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
                "%s in %s (%.3f s/step), loss %.4f in the first %d and %.4f in the last, peak %s",
                Units.plural(losses.size(), "step"),
                Units.seconds(total),
                total / losses.size(),
                mean(losses.subList(0, ends)),
                ends,
                mean(losses.subList(losses.size() - ends, losses.size())),
                Units.bytes(memory.stats().peakScratchBytes()));
    }

    private static double mean(List<Float> values) {
        return values.stream().mapToDouble(Float::doubleValue).average().orElse(0);
    }

    /** Takes the bar away, so that the next message stands alone. */
    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
        if (interactive) {
            session.err().print('\r' + CLEAR_TO_END);
            session.err().flush();
        }
    }
}
