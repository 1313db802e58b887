package glance.serve.api;

import glance.Picture;
import glance.serve.http.EventStream;
import glance.serve.http.Exchange;
import glance.serve.job.JobRecord;
import glance.serve.job.JobWatcher;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * What happens to jobs, as server-sent events:
 *
 * <pre>
 * job        a job as it is now
 * preview    {"id", "step", "steps", "images": PNGs in base 64}
 * </pre>
 *
 * A client that reads too slowly misses some; the next event of a job says all that it missed but
 * previews.
 */
final class News implements JobWatcher {
    private static final int MOST_UNREAD = 200;
    private static final long LOOK_MILLIS = 250;
    private static final int LOOKS_PER_BEAT = 40;

    private record Event(String name, Object value) {}

    private final BlockingQueue<Event> unread = new LinkedBlockingQueue<>(MOST_UNREAD);
    private final int previews;

    /**
     * @param previews how many of a job are wanted; negative for one after each step
     */
    News(int previews) {
        this.previews = previews;
    }

    @Override
    public void changed(JobRecord job) {
        unread.offer(new Event("job", job));
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
        unread.offer(
                new Event(
                        "preview",
                        Map.of(
                                "id",
                                job.id(),
                                "step",
                                job.step(),
                                "steps",
                                job.steps(),
                                "images",
                                images)));
    }

    /**
     * Sends what happens until the client leaves.
     *
     * @param over whether nothing more will happen
     */
    void tell(Exchange exchange, BooleanSupplier over) throws IOException, InterruptedException {
        int silent = 0;
        try (EventStream events = exchange.events()) {
            events.beat();
            while (!exchange.isGone()) {
                boolean last = over.getAsBoolean();
                Event event = unread.poll(last ? 0 : LOOK_MILLIS, TimeUnit.MILLISECONDS);
                if (event != null) {
                    events.send(event.name(), event.value());
                    silent = 0;
                } else if (last) {
                    return;
                } else if (++silent % LOOKS_PER_BEAT == 0) {
                    events.beat();
                }
            }
        }
    }
}
