package glance;

import glance.picture.Origin;
import glance.pipeline.Drawing;
import glance.pipeline.DrawingEnds;
import glance.pipeline.ImageResult;
import glance.pipeline.Pipeline;
import glance.pipeline.Settings;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/** Draws orders in few forward passes, on the model's own thread. */
final class Orders implements DrawingEnds {
    private final Pipeline pipeline;
    private final AtomicBoolean cancelled;
    private final Map<Drawing, Made> made = new IdentityHashMap<>();
    private final List<Drawing> waiting = new ArrayList<>();

    private record Made(Order order, Hearing hearing) {}

    /**
     * @param cancelled ends them all
     */
    Orders(Pipeline pipeline, AtomicBoolean cancelled) {
        this.pipeline = pipeline;
        this.cancelled = cancelled;
    }

    /**
     * Makes an order ready, or ends it.
     *
     * @param check of its settings
     */
    void add(Order order, Settings settings, Function<Settings, Origin> check) {
        try {
            Hearing hearing =
                    new Hearing(
                            order.listener(),
                            check.apply(settings),
                            settings.prompts().size() * settings.steps(),
                            cancelled::get);
            Drawing drawing = pipeline.prepare(settings, hearing);
            made.put(drawing, new Made(order, hearing));
            waiting.add(drawing);
        } catch (RuntimeException | Error e) {
            order.pictures().completeExceptionally(e);
        }
    }

    /** Draws all that were added. */
    void draw() {
        try {
            while (!waiting.isEmpty()) {
                List<Drawing> group = List.copyOf(group());
                waiting.removeAll(group);
                pipeline.run(group, this);
                group.forEach(Drawing::close);
            }
        } finally {
            waiting.forEach(Drawing::close);
        }
    }

    /** The first that waits, and those that join it, as many as there is room for. */
    private List<Drawing> group() {
        Drawing first = waiting.get(0);
        List<Drawing> group = new ArrayList<>(waiting.stream().filter(first::joins).toList());
        int wanted = pictures(group);
        int most = wanted > pictures(List.of(first)) ? most(first, wanted) : wanted;
        while (group.size() > 1 && pictures(group) > most) {
            group.remove(group.size() - 1);
        }
        return group;
    }

    private int most(Drawing first, int wanted) {
        return pipeline.mostTogether(first.settings(), wanted);
    }

    private static int pictures(List<Drawing> drawings) {
        return drawings.stream().mapToInt(drawing -> drawing.settings().batch()).sum();
    }

    @Override
    public void done(Drawing drawing, List<ImageResult> results) {
        Made own = made.get(drawing);
        own.order.pictures().complete(own.hearing.pictures());
    }

    @Override
    public void failed(Drawing drawing, Throwable cause) {
        made.get(drawing).order.pictures().completeExceptionally(cause);
    }
}
