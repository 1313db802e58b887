package glance.serve.api;

import glance.serve.http.Exchange;
import glance.serve.http.HttpProblem;
import glance.serve.job.Job;
import glance.serve.job.JobState;
import glance.serve.job.Jobs;

/** Waits for a job beside the client that asked for it; a client that leaves ends its job. */
final class Attendance {
    private static final long LOOK_MILLIS = 100;

    private Attendance() {}

    /**
     * Waits until a job is over.
     *
     * @throws HttpProblem if it was cancelled
     * @throws Exception why it failed
     */
    static void await(Exchange exchange, Jobs jobs, Job job) throws Exception {
        while (!job.await(LOOK_MILLIS)) {
            requireClient(exchange, jobs, job);
        }
        requireDone(job);
    }

    /** Cancels the job and gives up if the client has left. */
    static void requireClient(Exchange exchange, Jobs jobs, Job job) {
        if (exchange.isGone()) {
            jobs.cancel(job);
            throw HttpProblem.cancelled();
        }
    }

    /**
     * Of a job that is over.
     *
     * @throws HttpProblem if it was cancelled
     * @throws Exception why it failed
     */
    static void requireDone(Job job) throws Exception {
        if (job.state() == JobState.CANCELLED) {
            throw HttpProblem.cancelled();
        }
        if (job.failure() instanceof Exception e) {
            throw e;
        }
        if (job.failure() instanceof Error e) {
            throw e;
        }
    }
}
