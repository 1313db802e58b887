package glance.serve.job;

import glance.Model;
import glance.Order;
import glance.api.CancelledException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Draws the jobs of a queue in their order. Those that wait already and are of the shape of the
 * next one are drawn with it; nothing waits for others to come.
 *
 * <pre>
 *   queue      A1  B1  A2  A3  B2        of two shapes, at most two pictures at a time
 *   drawn      A1 + A2,  B1 + B2,  A3
 * </pre>
 */
final class JobDrawing implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(JobDrawing.class);
    private static final double NANO = 1e-9;

    private final Model model;
    private final JobFolder folder;
    private final JobQueue queue;
    private final int batch;
    private volatile boolean closing;

    /**
     * @param batch pictures of several jobs that are drawn at a time, at most
     */
    JobDrawing(Model model, JobFolder folder, JobQueue queue, int batch) {
        this.model = model;
        this.folder = folder;
        this.queue = queue;
        this.batch = batch;
    }

    /** From now on what is cancelled goes on with the next server. */
    void close() {
        closing = true;
    }

    @Override
    public void run() {
        for (Job job = queue.next(); job != null; job = queue.next()) {
            long start = System.nanoTime();
            List<Job> jobs = new ArrayList<>(List.of(job));
            jobs.addAll(queue.takeLike(job, together(job)));
            draw(jobs, start);
            queue.ended((System.nanoTime() - start) * NANO);
        }
    }

    /** How many pictures are drawn at a time: those of a job, or more where others join it. */
    private int together(Job job) {
        int own = job.request().batch();
        int wanted =
                own
                        + queue.like(job, batch).stream()
                                .mapToInt(other -> other.request().batch())
                                .sum();
        try {
            return wanted == own ? own : model.mostTogether(job.request(), wanted);
        } catch (RuntimeException e) {
            return own; // what is wrong is said when it is drawn
        }
    }

    private void draw(List<Job> jobs, long start) {
        List<Order> orders = new ArrayList<>();
        for (Job job : jobs) {
            job.running();
            Order order = new Order(job.request(), new JobListener(job, folder));
            order.pictures().whenComplete((pictures, failure) -> end(job, start, failure));
            orders.add(order);
        }
        try {
            model.draw(orders);
        } catch (RuntimeException | Error e) {
            orders.forEach(order -> order.pictures().completeExceptionally(e));
        }
    }

    private void end(Job job, long start, Throwable failure) {
        double seconds = (System.nanoTime() - start) * NANO;
        if (failure == null) {
            job.done(seconds, this::keep);
        } else if (failure instanceof CancelledException) {
            job.cancelled(seconds, this::keepEnded);
        } else {
            if (!Words.isOfRequest(failure)) {
                LOG.warn("job {} failed", job.id(), failure);
            }
            job.failed(seconds, failure, this::keep);
        }
    }

    /**
     * A job that a server is closed over goes on with the next one; one whose client has left
     * before there was a picture is not worth a file.
     */
    void keepEnded(JobRecord job) {
        if (job.attended() && job.pictures().isEmpty()) {
            folder.inputs().release(job.id());
        } else if (job.attended() || !closing) {
            keep(job);
        }
    }

    /** What cannot be kept is told, and the job is over all the same. */
    private void keep(JobRecord job) {
        try {
            folder.keep(job);
        } catch (RuntimeException e) {
            LOG.warn("job {} is not kept: {}", job.id(), e.getMessage());
        }
    }
}
