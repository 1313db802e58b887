package glance.serve.api;

import glance.Picture;
import glance.serve.http.EventStream;
import glance.serve.http.Exchange;
import glance.serve.http.HttpProblem;
import glance.serve.job.JobRecord;
import glance.serve.job.JobWatcher;
import java.io.IOException;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;

/**
 * What happens to jobs, as server-sent events:
 *
 * <pre>
 * job        a job as it is now
 * preview    {"id", "step", "steps", "images": PNGs in base 64}
 * </pre>
 *
 * A client that reads slowly gets of each job the newest alone.
 */
final class News implements JobWatcher {
    private static final long LOOK_MILLIS = 250;

    /** Each holds a thread of the server. */
    private static final Semaphore STREAMS = new Semaphore(50);

    private record Event(String name, Object value) {}

    private final Map<String, Event> unread = new LinkedHashMap<>();
    private final int previews;

    /**
     * @param previews how many of a job are wanted; negative for one after each step
     */
    News(int previews) {
        this.previews = previews;
    }

    @Override
    public void changed(JobRecord job) {
        put(job.id(), new Event("job", job));
    }

    @Override
    public void picture(JobRecord job, int index, Picture picture, byte[] png) {
        changed(job);
    }

    @Override
    public boolean wantsPreview(int step, int steps) {
        return previews < 0 ? step < steps : PartialSteps.isOne(step, steps, previews);
    }

    @Override
    public void preview(JobRecord job, List<byte[]> pngs) {
        List<String> images = pngs.stream().map(Base64.getEncoder()::encodeToString).toList();
        Object value =
                Map.of("id", job.id(), "step", job.step(), "steps", job.steps(), "images", images);
        put("preview of " + job.id(), new Event("preview", value));
    }

    private synchronized void put(String key, Event event) {
        unread.remove(key);
        unread.put(key, event);
        notifyAll();
    }

    private synchronized Event next(long millis) throws InterruptedException {
        if (unread.isEmpty() && millis > 0) {
            wait(millis);
        }
        Iterator<Event> oldest = unread.values().iterator();
        if (!oldest.hasNext()) {
            return null;
        }
        Event event = oldest.next();
        oldest.remove();
        return event;
    }

    /**
     * Sends what happens until the client leaves.
     *
     * @param over whether nothing more will happen
     */
    void tell(Exchange exchange, BooleanSupplier over) throws IOException, InterruptedException {
        if (!STREAMS.tryAcquire()) {
            throw HttpProblem.tooManyStreams();
        }
        try (EventStream events = exchange.events()) {
            exchange.mayBeCutOff();
            tell(exchange, events, over);
        } finally {
            STREAMS.release();
        }
    }

    private void tell(Exchange exchange, EventStream events, BooleanSupplier over)
            throws IOException, InterruptedException {
        events.beat();
        while (!exchange.isGone()) {
            boolean last = over.getAsBoolean();
            Event event = next(last ? 0 : LOOK_MILLIS);
            if (event != null) {
                events.send(event.name(), event.value());
            } else if (last) {
                return;
            }
            events.beatIfSilent();
        }
    }
}
