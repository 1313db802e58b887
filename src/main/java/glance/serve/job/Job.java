package glance.serve.job;

import glance.Picture;
import glance.Progress;
import glance.api.Plan;
import glance.api.Request;
import glance.schedule.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A job on its way. */
public final class Job {
    private static final Logger LOG = LoggerFactory.getLogger(Job.class);

    private final String id;
    private final long created;
    private final boolean attended;
    private final JobRequest asked;
    private final Request request; // null once it is final
    private final JobShape shape; // likewise
    private final List<JobWatcher> all; // those of every job
    private final List<JobWatcher> watchers = new CopyOnWriteArrayList<>();
    private final List<JobRecord.Picture> pictures = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private JobState state;
    private String plan;
    private int step;
    private int steps;
    private String phase;
    private String stage;
    private Double secondsLeft;
    private String error;
    private Throwable failure;
    private Double seconds;
    private boolean over;
    private volatile boolean cancelled;

    /**
     * @param request without gaps
     * @param all hear of every job
     */
    Job(
            String id,
            long created,
            boolean attended,
            JobRequest asked,
            Request request,
            List<JobWatcher> all) {
        this.id = id;
        this.all = all;
        this.created = created;
        this.attended = attended;
        this.asked = asked;
        this.request = request;
        this.shape = JobShape.of(request);
        this.state = JobState.QUEUED;
        Plan known = request.plan().orElseThrow();
        this.plan = known.name();
        // a picture to start from takes the place of some, which is known with the first step
        this.steps = request.init().isPresent() ? 0 : known.levels().count();
    }

    /** One that is over, as it was kept. */
    Job(JobRecord kept, JobState state, String error) {
        this.id = kept.id();
        this.all = List.of();
        this.created = kept.created();
        this.attended = kept.attended();
        this.asked = kept.request();
        this.request = null;
        this.shape = null;
        this.state = state;
        this.plan = kept.plan();
        this.step = kept.step();
        this.steps = kept.steps();
        this.error = error;
        this.seconds = kept.seconds();
        this.over = true;
        this.pictures.addAll(kept.pictures());
        this.warnings.addAll(kept.warnings());
    }

    /** Its name. */
    public String id() {
        return id;
    }

    /** Whether a client waits for it. */
    public boolean attended() {
        return attended;
    }

    /** What is drawn, without gaps. */
    public Request request() {
        return request;
    }

    /** What others that are drawn with it must have. */
    JobShape shape() {
        return shape;
    }

    /** Where it is. */
    public synchronized JobState state() {
        return state;
    }

    /** What ended it, if it failed. */
    public synchronized Throwable failure() {
        return failure;
    }

    /** As it is now, without its place in the queue. */
    public JobRecord record() {
        return record(null);
    }

    synchronized JobRecord record(Integer position) {
        return new JobRecord(
                id,
                state,
                created,
                attended,
                asked,
                plan,
                step,
                steps,
                phase,
                stage,
                secondsLeft,
                position,
                List.copyOf(pictures),
                List.copyOf(warnings),
                error,
                seconds);
    }

    /** Somebody hears of it from now on. */
    public void watch(JobWatcher watcher) {
        watchers.add(watcher);
    }

    /** Somebody hears no more of it. */
    public void unwatch(JobWatcher watcher) {
        watchers.remove(watcher);
    }

    /** It ends within a step; one that is over stays as it is. */
    public void cancel() {
        cancelled = true;
    }

    boolean isCancelled() {
        return cancelled;
    }

    /** Whether it is over, and kept. */
    public synchronized boolean isOver() {
        return over;
    }

    /** Waits until it is over and kept, but not longer than this; whether it is over. */
    public synchronized boolean await(long millis) throws InterruptedException {
        long end = System.nanoTime() + millis * 1_000_000;
        while (!over) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return false;
            }
            wait(left);
        }
        return true;
    }

    void running() {
        change(() -> state = JobState.RUNNING);
    }

    void stage(String name) {
        change(() -> stage = name);
    }

    void warn(String message) {
        change(() -> warnings.add(message));
    }

    void step(Progress progress) {
        change(
                () -> {
                    stage = null;
                    step = progress.done();
                    steps = progress.total();
                    phase = progress.phase();
                    secondsLeft = progress.secondsLeft();
                });
    }

    void time(Progress progress) {
        tell(watcher -> watcher.step(progress.stepSeconds()));
    }

    /** Its forward passes are those of so many jobs. */
    void together(int jobs) {
        tell(watcher -> watcher.together(jobs));
    }

    boolean wantsPreview(Progress progress) {
        return Stream.concat(all.stream(), watchers.stream())
                .anyMatch(w -> w.wantsPreview(progress.step(), progress.steps()));
    }

    void preview(Progress progress, List<Picture> shown) {
        List<byte[]> pngs = shown.stream().map(Picture::png).toList();
        JobRecord now = record();
        tell(
                watcher -> {
                    if (watcher.wantsPreview(progress.step(), progress.steps())) {
                        watcher.preview(now, pngs);
                    }
                });
    }

    void picture(String file, Picture picture, byte[] png) {
        JobRecord.Picture entry =
                new JobRecord.Picture(
                        file,
                        Seeds.number(picture.seed()),
                        picture.image().getWidth(),
                        picture.image().getHeight());
        synchronized (this) {
            pictures.add(entry);
        }
        JobRecord now = record();
        tell(watcher -> watcher.picture(now, now.pictures().size() - 1, picture, png));
    }

    void done(double tookSeconds, Consumer<JobRecord> keep) {
        end(JobState.DONE, tookSeconds, null, keep);
    }

    void cancelled(double tookSeconds, Consumer<JobRecord> keep) {
        end(JobState.CANCELLED, tookSeconds, null, keep);
    }

    void failed(double tookSeconds, Throwable cause, Consumer<JobRecord> keep) {
        end(JobState.FAILED, tookSeconds, cause, keep);
    }

    /** It is kept before those who wait hear that it is over. */
    private void end(JobState last, double tookSeconds, Throwable cause, Consumer<JobRecord> keep) {
        synchronized (this) {
            state = last;
            stage = null;
            secondsLeft = null;
            seconds = tookSeconds;
            error = cause == null ? null : Words.of(cause);
            failure = cause;
        }
        JobRecord now = record();
        keep.accept(now);
        tell(watcher -> watcher.changed(now));
        synchronized (this) {
            over = true;
            notifyAll();
        }
        watchers.clear();
    }

    /** Tells of it as it is. */
    void announce() {
        change(() -> {});
    }

    private void change(Runnable change) {
        synchronized (this) {
            change.run();
        }
        JobRecord now = record();
        tell(watcher -> watcher.changed(now));
    }

    /** What fails in one that hears is no failure of the job. */
    private void tell(Consumer<JobWatcher> news) {
        for (List<JobWatcher> some : List.of(all, watchers)) {
            for (JobWatcher watcher : some) {
                try {
                    news.accept(watcher);
                } catch (RuntimeException e) {
                    LOG.warn("job {}: one that hears of it failed", id, e);
                }
            }
        }
    }
}
