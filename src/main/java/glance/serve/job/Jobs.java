package glance.serve.job;

import glance.Model;
import glance.api.FormatException;
import glance.api.Request;
import glance.api.RequestException;
import glance.schedule.Seeds;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;

/**
 * The jobs of one model, drawn in the order in which they came; those that can share forward passes
 * are drawn together. Jobs that nobody waits for outlive the server: they are kept on disk until
 * they are drawn.
 */
public final class Jobs implements AutoCloseable {
    /** Jobs that are remembered; older ones stay on disk. */
    public static final int REMEMBERED = 500;

    private static final DateTimeFormatter ID =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmssSSS").withZone(ZoneOffset.UTC);
    private static final String LOST = "the server ended before it was drawn";

    private final Model model;
    private final JobFolder folder;
    private final AdapterFolder adapters;
    private final Request.Size largest;
    private final PixelBudget budget;
    private final List<JobWatcher> watchers = new CopyOnWriteArrayList<>();
    private final Map<String, Job> known = new LinkedHashMap<>();
    private final JobQueue queue;
    private final JobDrawing drawing;
    private final Thread thread;
    private final Object decoding = new Object();
    private long lastMillisecond;

    /** The queue is full. */
    public static final class FullException extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final int waiting;
        private final int seconds;

        FullException(int waiting, int seconds) {
            super("the queue is full");
            this.waiting = waiting;
            this.seconds = seconds;
        }

        /** How many wait. */
        public int waiting() {
            return waiting;
        }

        /** When there is room again, by what the last job took. */
        public int seconds() {
            return seconds;
        }
    }

    /** The server is about to end. */
    public static final class StoppingException extends RuntimeException {
        private static final long serialVersionUID = 1;

        StoppingException() {
            super("the server is about to stop");
        }
    }

    /**
     * Goes on with what the folder has.
     *
     * @param maxWaiting jobs that may wait
     * @param batch pictures of several jobs that are drawn at a time, at most
     * @param largest picture that is drawn
     */
    public Jobs(
            Model model,
            JobFolder folder,
            AdapterFolder adapters,
            int maxWaiting,
            int batch,
            Request.Size largest) {
        this.model = model;
        this.folder = folder;
        this.adapters = adapters;
        this.largest = largest;
        this.budget = PixelBudget.of(largest);
        this.queue = new JobQueue(maxWaiting);
        this.drawing = new JobDrawing(model, folder, queue, batch);
        this.thread = new Thread(drawing, "jobs");
        folder.load(REMEMBERED).forEach(this::restore);
        thread.setDaemon(true);
    }

    /** Begins to draw. */
    public void start() {
        thread.start();
    }

    /** Whether jobs are drawn. */
    public boolean isAlive() {
        return thread.isAlive();
    }

    private void restore(JobRecord kept) {
        if (kept.state().isFinal()) {
            known.put(kept.id(), new Job(kept, kept.state(), kept.error()));
            return;
        }
        try {
            Request request = complete(kept.request());
            Job job = new Job(kept.id(), kept.created(), false, kept.request(), request, watchers);
            known.put(job.id(), job);
            queue.add(job);
        } catch (RuntimeException e) {
            JobState state = JobState.FAILED;
            known.put(kept.id(), new Job(kept, state, LOST + "; now: " + Words.of(e)));
        }
    }

    /** Somebody hears of all jobs from now on, also of those that are known. */
    public void watch(JobWatcher watcher) {
        watchers.add(watcher);
    }

    /** Somebody hears no more of jobs. */
    public void unwatch(JobWatcher watcher) {
        watchers.remove(watcher);
    }

    /**
     * Takes a job.
     *
     * @param attended whether it ends with the client that waits for it
     * @param own hear of it from the beginning
     * @throws RequestException if it makes no sense for the model
     * @throws FullException if too many wait
     * @throws StoppingException if the server is about to end
     */
    public Job submit(JobRequest asked, boolean attended, JobWatcher... own) {
        requireRoom(attended);
        Instant now = next(Instant.now());
        String id =
                ID.format(now)
                        + "-"
                        + Integer.toString(ThreadLocalRandom.current().nextInt(46_656), 36);
        try {
            JobRequest kept = folder.keepInputs(id, asked);
            Request request = complete(kept);
            requireSize(request.size().orElseThrow());
            JobRequest seeded = kept.withSeed(Seeds.number(request.seed().orElseThrow()));
            Job job = new Job(id, now.getEpochSecond(), attended, seeded, request, watchers);
            for (JobWatcher watcher : own) {
                job.watch(watcher);
            }
            add(job);
            return job;
        } catch (RuntimeException | Error e) {
            folder.inputs().release(id);
            throw e;
        }
    }

    /** A millisecond of its own for each job, so that names tell which was asked for first. */
    private synchronized Instant next(Instant now) {
        lastMillisecond = Math.max(lastMillisecond + 1, now.toEpochMilli());
        return Instant.ofEpochMilli(lastMillisecond);
    }

    /** Pictures are decoded to be checked: one request at a time, since large ones take memory. */
    private Request complete(JobRequest asked) {
        if (asked.pictures().isEmpty()) {
            return model.complete(asked.forModel(adapters, folder.inputs()));
        }
        synchronized (decoding) {
            try {
                budget.require(folder.inputs().files(asked));
                return model.complete(asked.forModel(adapters, folder.inputs()));
            } catch (FormatException | RequestException e) {
                throw folder.inputs().inRequest(e, asked);
            }
        }
    }

    /**
     * Makes something of a picture that is of no job yet, in turn with those that are checked.
     *
     * @param key of the request, for the message
     * @throws RequestException if it has too many pixels
     */
    public <T> T decode(String key, Path picture, Function<Path, T> use) {
        synchronized (decoding) {
            budget.require(Map.of(key, picture));
            return use.apply(picture);
        }
    }

    private void add(Job job) {
        queue.reserve(job.attended());
        try {
            if (!job.attended()) {
                folder.keep(job.record());
            }
            job.announce();
            synchronized (this) {
                known.put(job.id(), job);
                queue.add(job);
                forgetOld();
            }
        } finally {
            queue.unreserve();
        }
    }

    /**
     * To be asked before much is read for a job.
     *
     * @param attended whether a client waits for it
     * @throws FullException if too many wait
     * @throws StoppingException if the server is about to end
     */
    public void requireRoom(boolean attended) {
        queue.requireRoom(attended);
    }

    private void requireSize(Request.Size size) {
        if ((long) size.width() * size.height() > (long) largest.width() * largest.height()) {
            throw new RequestException(
                    "size " + size + ": this server draws at most as many pixels as " + largest);
        }
    }

    private void forgetOld() {
        Iterator<Job> oldest = known.values().iterator();
        for (int surplus = known.size() - REMEMBERED; surplus > 0 && oldest.hasNext(); ) {
            if (oldest.next().state().isFinal()) {
                oldest.remove();
                surplus--;
            }
        }
    }

    /** The job of a name: one that is remembered, or an older one that is over and kept. */
    public Optional<Job> find(String id) {
        Job job;
        synchronized (this) {
            job = known.get(id);
        }
        return job != null
                ? Optional.of(job)
                : folder.find(id)
                        .filter(kept -> kept.state().isFinal())
                        .map(kept -> new Job(kept, kept.state(), kept.error()));
    }

    /** All that are remembered, newest first. */
    public synchronized List<Job> recent() {
        List<Job> jobs = new ArrayList<>(known.values());
        Collections.reverse(jobs);
        return jobs;
    }

    /** A job as it is now, with its place in the queue. */
    public JobRecord record(Job job) {
        int position = queue.position(job);
        return job.record(position < 0 ? null : position);
    }

    /** The jobs that are drawn: one, or several in the same forward passes. */
    public List<Job> running() {
        return queue.running();
    }

    /** How many wait. */
    public int waiting() {
        return queue.waiting();
    }

    /** Ends a job: at once if it waits, within a step if it is drawn. */
    public void cancel(Job job) {
        job.cancel();
        if (queue.remove(job)) {
            job.cancelled(0, drawing::keepEnded);
        }
    }

    /** Forgets a job that is over, with its pictures. */
    public void delete(Job job) {
        if (!job.isOver()) {
            throw new RequestException("a job that is not over is cancelled, not deleted");
        }
        folder.delete(job.record());
        synchronized (this) {
            known.remove(job.id());
        }
    }

    /**
     * Takes no more jobs, and waits until those that are drawn and those with waiting clients are
     * done. The others stay on disk.
     */
    public void drain() throws InterruptedException {
        queue.drain();
        thread.join();
    }

    /**
     * Ends the jobs that are drawn, within a step, and those with waiting clients. The others stay
     * on disk, those that are drawn too, and go on when there is a server again.
     */
    @Override
    public void close() {
        drawing.close();
        queue.close().forEach(this::cancel);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
