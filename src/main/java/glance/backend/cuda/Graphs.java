package glance.backend.cuda;

import glance.api.DeviceException;
import glance.backend.Replay;
import glance.backend.cuda.driver.Driver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work as CUDA graphs. The first run queues the work plainly, so that kernels are loaded and the
 * memory that it takes is there; then the same work is captured while the GPU is still busy, and
 * every later run launches the graph.
 *
 * <p>A graph uses the addresses that it was captured with, so what the work takes comes from {@link
 * CudaMemory#reserved}, which serves nobody else while there are graphs. All graphs share it: they
 * run one after the other, and nothing in it outlives a run.
 *
 * <p>While weights take turns ({@link CudaTurns}) nothing is captured: which place a block is in
 * differs from run to run, and the time of launches is hidden behind the copies anyway.
 */
final class Graphs {
    private static final Logger LOG = LoggerFactory.getLogger(Graphs.class);

    /** Set it to false to launch every kernel by itself, to see what graphs gain. */
    private static final String PROPERTY = "glance.cuda.graphs";

    /** Captures of the same work that may lack memory, before it is launched one by one. */
    private static final int MOST_MISSES = 8;

    private final Driver driver;
    private final long stream;
    private final CudaMemory memory;
    private boolean enabled =
            !"false".equals(System.getProperty(PROPERTY)) && !Driver.isSynchronous();

    Graphs(Driver driver, long stream, CudaMemory memory) {
        this.driver = driver;
        this.stream = stream;
        this.memory = memory;
    }

    /** See {@link glance.backend.Device#replay}. */
    Replay replay(Runnable work) {
        return enabled ? new Graph(work) : Replay.plain(work);
    }

    private final class Graph implements Replay {
        private final Runnable work;
        private boolean started;
        private int misses;
        private long graph; // 0 before the capture, and if there is none

        Graph(Runnable work) {
            this.work = work;
        }

        @Override
        public void run() {
            memory.lifetime().requireOpen();
            if (graph != 0) {
                driver.launchGraph(graph, stream);
                return;
            }
            if (memory.hasTurns()) {
                work.run();
                return;
            }
            if (!started) {
                memory.openReserve();
                started = true;
            }
            memory.reserved(work);
            if (enabled && misses < MOST_MISSES && !memory.hasTurns()) {
                capture();
            }
        }

        private void capture() {
            try {
                driver.beginCapture(stream);
                try {
                    memory.captured(work);
                } catch (RuntimeException | Error e) {
                    abandon();
                    throw e;
                }
                graph = driver.endCapture(stream);
            } catch (CaptureMiss miss) {
                grow(miss);
            } catch (DeviceException e) {
                enabled = false;
                LOG.warn("kernels are launched one by one, without graphs: {}", e.getMessage());
            }
        }

        /**
         * The driver was not asked for memory, so it has refused nothing: the next run tries again.
         */
        private void grow(CaptureMiss miss) {
            misses++;
            try {
                memory.growReserve(miss.bytes());
                LOG.info("a CUDA graph {}; the next run captures it again", miss.getMessage());
            } catch (DeviceException e) {
                misses = MOST_MISSES;
                LOG.warn("kernels of this phase are launched one by one: {}", e.getMessage());
            }
        }

        /** Ends a capture whose work failed. */
        private void abandon() {
            try {
                driver.destroyGraph(driver.endCapture(stream));
            } catch (DeviceException e) {
                LOG.debug("the driver had given up the capture", e);
            }
        }

        @Override
        public void close() {
            if (memory.lifetime().isOver()) {
                return;
            }
            if (graph != 0) {
                driver.synchronize(stream);
                driver.destroyGraph(graph);
                graph = 0;
            }
            if (started) {
                memory.closeReserve();
                started = false;
            }
        }
    }
}
