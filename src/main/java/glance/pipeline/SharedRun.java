package glance.pipeline;

import glance.api.DeviceException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Runs a group of drawings; where memory is short, its halves one after the other. */
final class SharedRun implements DrawingEnds {
    private final List<Drawing> drawings;
    private final DrawingEnds ends;
    private final Set<Drawing> running;

    SharedRun(List<Drawing> drawings, DrawingEnds ends) {
        this.drawings = drawings;
        this.ends = ends;
        this.running = new LinkedHashSet<>(drawings);
    }

    void run() {
        try {
            new Together(drawings).run(this);
        } catch (DeviceException e) {
            if (e.isOutOfMemory()) {
                runInLess(e);
            } else {
                endAll(e);
            }
        } catch (RuntimeException | Error e) {
            endAll(e);
        }
    }

    /** Again with less memory, but for those of which a picture went out. */
    private void runInLess(DeviceException cause) {
        List.copyOf(running).stream()
                .filter(Drawing::hasDelivered)
                .forEach(drawing -> failed(drawing, cause));
        List<Drawing> again = new ArrayList<>(running);
        Pipeline pipeline = drawings.get(0).pipeline();
        if (again.isEmpty()) {
            return;
        }
        again.forEach(drawing -> drawing.listener().again());
        if (again.size() > 1) {
            int half = again.size() / 2;
            new SharedRun(again.subList(0, half), this).run();
            new SharedRun(again.subList(half, again.size()), this).run();
        } else if (drawings.size() > 1) {
            new SharedRun(again, this).run();
        } else if (pipeline.parts().keepsDenoiser()) {
            pipeline.oneAtATime(again.get(0).listener());
            new SharedRun(again, this).run();
        } else {
            endAll(cause);
        }
    }

    private void endAll(Throwable cause) {
        List.copyOf(running).forEach(drawing -> failed(drawing, cause));
    }

    @Override
    public void done(Drawing drawing, List<ImageResult> pictures) {
        running.remove(drawing);
        ends.done(drawing, pictures);
    }

    @Override
    public void failed(Drawing drawing, Throwable cause) {
        running.remove(drawing);
        ends.failed(drawing, cause);
    }
}
