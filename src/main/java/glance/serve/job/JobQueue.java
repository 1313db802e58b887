package glance.serve.job;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedList;
import java.util.List;
import java.util.stream.Stream;

/** The jobs that wait and those that are drawn. May be called from any thread. */
final class JobQueue {
    /** Clients that may wait for their pictures at a time; each of them holds a thread. */
    private static final int MAX_ATTENDED = 120;

    private final int maxWaiting;
    private final LinkedList<Job> waiting = new LinkedList<>();
    private final List<Job> running = new ArrayList<>();
    private boolean accepting = true;
    private boolean draining;
    private int reserved; // places of jobs that are about to come
    private double lastSeconds = 1;

    JobQueue(int maxWaiting) {
        this.maxWaiting = maxWaiting;
    }

    /** See {@link Jobs#requireRoom}. */
    synchronized void requireRoom(boolean attended) {
        if (!accepting) {
            throw new Jobs.StoppingException();
        }
        int all = waiting.size() + reserved;
        long held = attended ? waiting.stream().filter(Job::attended).count() + reserved : 0;
        if (all >= maxWaiting || held >= MAX_ATTENDED) {
            int seconds = (int) Math.max(1, Math.min(3600, Math.ceil(lastSeconds)));
            throw new Jobs.FullException(all, seconds);
        }
    }

    /** Keeps a place for a job that is about to come. */
    synchronized void reserve(boolean attended) {
        requireRoom(attended);
        reserved++;
    }

    /** The place is taken, or not needed any more. */
    synchronized void unreserve() {
        reserved--;
    }

    synchronized void add(Job job) {
        waiting.add(job);
        notifyAll();
    }

    /** Takes out a job that waits; whether it did. */
    synchronized boolean remove(Job job) {
        return waiting.remove(job);
    }

    /** How many wait before it; negative if it does not wait. */
    synchronized int position(Job job) {
        return waiting.indexOf(job);
    }

    synchronized int waiting() {
        return waiting.size();
    }

    /** Those that are drawn. */
    synchronized List<Job> running() {
        return running.stream().filter(job -> !job.state().isFinal()).toList();
    }

    /** Takes no more, and gives out only what clients wait for. */
    synchronized void drain() {
        accepting = false;
        draining = true;
        notifyAll();
    }

    /** The same; all that would be drawn now: those that are, and those with waiting clients. */
    synchronized List<Job> close() {
        drain();
        return Stream.concat(running().stream(), waiting.stream().filter(Job::attended)).toList();
    }

    /** The next job, which is drawn from now on; waits for it. Null if there will be none. */
    synchronized Job next() {
        while (true) {
            Iterator<Job> jobs = waiting.iterator();
            while (jobs.hasNext()) {
                Job job = jobs.next();
                if (isDrawn(job)) {
                    jobs.remove();
                    running.add(job);
                    return job;
                }
            }
            if (draining) {
                return null;
            }
            try {
                wait();
            } catch (InterruptedException e) {
                return null;
            }
        }
    }

    private boolean isDrawn(Job job) {
        return !draining || job.attended();
    }

    /**
     * The jobs that wait and are of the shape of one, in their order.
     *
     * @param pictures of it and them together, at most
     */
    synchronized List<Job> like(Job job, int pictures) {
        List<Job> like = new ArrayList<>();
        int room = pictures - job.request().batch();
        for (Job other : waiting) {
            int count = other.request().batch();
            if (count <= room && isDrawn(other) && other.shape().equals(job.shape())) {
                like.add(other);
                room -= count;
            }
        }
        return like;
    }

    /** Takes out jobs like one, which are drawn with it from now on. */
    synchronized List<Job> takeLike(Job job, int pictures) {
        List<Job> like = like(job, pictures);
        waiting.removeAll(like);
        running.addAll(like);
        return like;
    }

    /** Those that were drawn are over. */
    synchronized void ended(double seconds) {
        running.clear();
        lastSeconds = seconds;
    }
}
