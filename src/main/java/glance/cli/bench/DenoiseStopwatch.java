package glance.cli.bench;

import glance.backend.Device;
import glance.cli.common.Session;
import glance.cli.common.Units;
import glance.pipeline.MemoryForecast;
import glance.pipeline.RunListener;
import java.util.ArrayList;
import java.util.List;

/** Notes times and memory of a run. */
final class DenoiseStopwatch implements RunListener {
    private final Session session;
    private final MemoryForecast.Meter meter;
    private final List<Double> steps = new ArrayList<>();
    private final List<Double> switches = new ArrayList<>();

    DenoiseStopwatch(Session session, Device device) {
        this.session = session;
        this.meter = new MemoryForecast.Meter(device);
    }

    List<Double> steps() {
        return steps;
    }

    List<Double> switches() {
        return switches;
    }

    double medianStep() {
        return steps.stream().sorted().skip(steps.size() / 2).findFirst().orElse(Double.NaN);
    }

    /** Memory of the parts; call it when the run is over. */
    List<MemoryForecast.Part> memory() {
        return meter.parts();
    }

    @Override
    public void stage(String name) {
        meter.stage(name);
        session.note(name + " ...");
    }

    @Override
    public void step(int step, int count, String phase, double seconds) {
        steps.add(seconds);
        session.note("step " + step + " of " + count + ": " + Units.seconds(seconds));
    }

    @Override
    public void adapterSwitch(double seconds) {
        switches.add(seconds);
    }

    @Override
    public void note(String message) {
        session.note(message);
    }

    @Override
    public void warning(String message) {
        session.note("warning: " + message);
    }

    @Override
    public boolean isCancelled() {
        return session.stop().isRequested();
    }
}
