package glance.serve.api;

import glance.serve.http.Exchange;
import glance.serve.http.HttpProblem;
import glance.serve.job.Jobs;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Takes the requests that bring pictures: few large ones at a time, since each is in memory several
 * times, as bytes, text and file, from when it is read until its job is taken.
 */
public final class Uploads {
    private static final int AT_A_TIME = 2;
    private static final int PATIENCE_SECONDS = 30;

    private final Jobs jobs;
    private final Semaphore places = new Semaphore(AT_A_TIME, true);

    public Uploads(Jobs jobs) {
        this.jobs = jobs;
    }

    /**
     * Takes a request. What comes back should keep nothing of its body.
     *
     * @param attended whether its client waits for the pictures
     * @param taking reads the body and submits the job
     * @throws Jobs.FullException before the body is read, if too many jobs wait
     * @throws HttpProblem if too many others bring pictures
     */
    <T> T take(Exchange exchange, boolean attended, Callable<T> taking) throws Exception {
        jobs.requireRoom(attended);
        if (!exchange.isLarge()) {
            return taking.call();
        }
        if (!places.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw HttpProblem.busy(jobs.waiting(), PATIENCE_SECONDS);
        }
        try {
            return taking.call();
        } finally {
            places.release();
        }
    }
}
