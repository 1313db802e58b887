package glance.bench;

import glance.roofline.Spread;
import java.io.IOException;

/**
 * Times both sides of a workload in turns, so that noise of the machine hits both, and each round
 * gives a ratio of neighbours in time.
 */
final class Duel {
    private static final double WARM_UP_SECONDS = 1.5;
    private static final double SAMPLE_SECONDS = 0.25;

    /** Idle workers of both sides (OpenMP's among them) spin for a while before they sleep. */
    private static final long PAUSE_MILLIS = 30;

    private Duel() {}

    /**
     * Results of one workload.
     *
     * @param engineMillis time of one call
     * @param peerMillis time of one call
     * @param ratio speed of the engine over PyTorch's, round by round
     * @param othersShare part of the machine's cores that other processes used meanwhile
     * @param error relative error between the results
     */
    record Result(
            Spread engineMillis,
            Spread peerMillis,
            Spread ratio,
            double othersShare,
            double error) {}

    static Result run(Workload workload, int rounds) throws IOException, InterruptedException {
        double error = workload.verify();
        int engineCalls = warmUp(workload::engine);
        int peerCalls = warmUp(workload::peer);
        double[] engine = new double[rounds];
        double[] peer = new double[rounds];
        double[] ratio = new double[rounds];
        CoreTime before = CoreTime.now();
        for (int i = 0; i < rounds; i++) {
            boolean engineFirst = i % 2 == 0;
            if (engineFirst) {
                engine[i] = sample(workload::engine, engineCalls);
            }
            peer[i] = sample(workload::peer, peerCalls);
            if (!engineFirst) {
                engine[i] = sample(workload::engine, engineCalls);
            }
            ratio[i] = peer[i] / engine[i];
        }
        return new Result(
                Spread.of(engine),
                Spread.of(peer),
                Spread.of(ratio),
                CoreTime.now().othersShareSince(before),
                error);
    }

    /** Runs until warm; returns how many calls fill one sample. */
    private static int warmUp(Runnable side) {
        long start = System.nanoTime();
        double seconds;
        double last;
        int calls = 0;
        do {
            long before = System.nanoTime();
            side.run();
            last = (System.nanoTime() - before) * 1e-9;
            seconds = (System.nanoTime() - start) * 1e-9;
            calls++;
        } while (seconds < WARM_UP_SECONDS || calls < 3);
        return (int) Math.max(1, Math.ceil(SAMPLE_SECONDS / last));
    }

    /** Milliseconds of one call. */
    private static double sample(Runnable side, int calls) throws InterruptedException {
        Thread.sleep(PAUSE_MILLIS);
        long start = System.nanoTime();
        for (int i = 0; i < calls; i++) {
            side.run();
        }
        return (System.nanoTime() - start) * 1e-6 / calls;
    }
}
